// TensorFlow.js: ResNet-18 with its layers. It computes in NHWC.
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import '@tensorflow/tfjs-backend-webgpu'

const relu = (x) => tf.layers.reLU().apply(x)

function unit(x, filters, kernelSize, strides) {
  const options = {
    filters,
    kernelSize,
    strides,
    padding: 'same',
    useBias: false,
    kernelInitializer: 'heNormal',
  }
  const y = tf.layers.conv2d(options).apply(x)
  return tf.layers.batchNormalization({ epsilon: 1e-5, momentum: 0.9 }).apply(y)
}

function block(x, filters, strides) {
  const y = unit(relu(unit(x, filters, 3, strides)), filters, 3, 1)
  const shortcut = strides === 1 ? x : unit(x, filters, 1, strides)
  return relu(tf.layers.add().apply([y, shortcut]))
}

function resnet18(size) {
  const input = tf.input({ shape: [size, size, 3] })
  let x = tf.layers
    .maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })
    .apply(relu(unit(input, 64, 7, 2)))
  for (const [index, filters] of [64, 128, 256, 512].entries()) {
    x = block(block(x, filters, index === 0 ? 1 : 2), filters, 1)
  }
  const pooled = tf.layers.globalAveragePooling2d({}).apply(x)
  return tf.model({ inputs: input, outputs: tf.layers.dense({ units: 2, name: 'fc' }).apply(pooled) })
}

let model, x, labels

async function prepare({ backend, work, batch, size }) {
  setWasmPaths('/tfjs/')
  // It would fall back to another backend by itself.
  if (!(await tf.setBackend(backend)) || tf.getBackend() !== backend) throw new Error(`no backend ${backend}`)
  await tf.ready()
  model = resnet18(size)
  if (work === 'frozen') for (const layer of model.layers) layer.trainable = layer.name === 'fc'
  const loss = (truth, logits) => tf.losses.softmaxCrossEntropy(truth, logits)
  model.compile({ optimizer: tf.train.momentum(0.001, 0.9), loss })
  x = tf.randomNormal([batch, size, size, 3])
  const classes = Array.from({ length: batch }, (_, index) => index % 2)
  labels = tf.oneHot(tf.tensor1d(classes, 'int32'), 2)
}

globalThis.contender = { prepare, step: () => model.trainOnBatch(x, labels) }
