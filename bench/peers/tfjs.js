// TensorFlow.js: the small residual net's training step (bench/ours/networks.ts), built with its layers.
import * as tf from '@tensorflow/tfjs'

function unit(x, filters, kernelSize, strides) {
  const options = { filters, kernelSize, strides, padding: 'same', useBias: false }
  const y = tf.layers.conv2d({ ...options, kernelInitializer: 'heNormal' }).apply(x)
  return tf.layers.batchNormalization({ epsilon: 1e-5, momentum: 0.9 }).apply(y)
}

const relu = (x) => tf.layers.reLU().apply(x)

function block(x, filters, strides) {
  const y = unit(relu(unit(x, filters, 3, strides)), filters, 3, 1)
  const shortcut = strides === 1 ? x : unit(x, filters, 1, strides)
  return relu(tf.layers.add().apply([y, shortcut]))
}

function makeModel(size) {
  const input = tf.input({ shape: [size, size, 3] })
  const features = block(block(relu(unit(input, 16, 3, 1)), 16, 1), 32, 2)
  const pooled = tf.layers.globalAveragePooling2d({}).apply(features)
  const model = tf.model({ inputs: input, outputs: tf.layers.dense({ units: 2 }).apply(pooled) })
  const loss = (labels, logits) => tf.losses.softmaxCrossEntropy(labels, logits)
  model.compile({ optimizer: tf.train.momentum(0.001, 0.9), loss })
  return model
}

export async function answer({ batch, size, repeats }, { backend }, timeSteps) {
  if (backend === 'node') {
    const missing = await import('@tensorflow/tfjs-node').then(
      () => undefined,
      (error) => error,
    )
    if (missing)
      return {
        absent: `tfjs-node does not load (${missing.code ?? missing.message}): its install downloads a native library`,
      }
  }
  if (backend === 'wasm') await import('@tensorflow/tfjs-backend-wasm')
  await tf.setBackend(backend === 'node' ? 'tensorflow' : backend)
  const model = makeModel(size)
  const x = tf.randomNormal([batch, size, size, 3])
  const labels = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: batch }, (_, index) => index % 2),
      'int32',
    ),
    2,
  )
  return timeSteps(async () => {
    const loss = await model.trainOnBatch(x, labels)
    if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss}`)
  }, repeats)
}
