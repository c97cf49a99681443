// jax-js: the small residual net's training step (bench/ours/networks.ts), compiled by `jit` for its WASM backend.
import { defaultDevice, init, jit, lax, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax'

const [lr, momentum, epsilon] = [0.001, 0.9, 1e-5]

// Each use of an array but its last takes a `.ref`: jax-js counts owners.
function convolution(x, weight, stride) {
  const padding = weight.shape[2] === 3 ? 1 : 0
  return lax.convGeneralDilated(
    x,
    weight,
    [stride, stride],
    [
      [padding, padding],
      [padding, padding],
    ],
  )
}

function batchNorm(x, weight, bias) {
  const axes = [0, 2, 3]
  const mean = np.mean(x.ref, axes, { keepdims: true })
  const centred = x.sub(mean)
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true })
  const scale = np.reciprocal(np.sqrt(variance.add(epsilon)))
  return centred.mul(scale.mul(weight.reshape([1, -1, 1, 1]))).add(bias.reshape([1, -1, 1, 1]))
}

const unit = (x, { w, g, b }, stride = 1) => batchNorm(convolution(x, w, stride), g, b)

function block(x, { first, second, shortcut }, stride) {
  const y = unit(nn.relu(unit(x.ref, first, stride)), second)
  return nn.relu(y.add(shortcut ? unit(x, shortcut, stride) : x))
}

function lossOf({ stem, block1, block2, fc }, x, labels) {
  const features = block(block(nn.relu(unit(x, stem)), block1, 1), block2, 2)
  const logits = np.matmul(np.mean(features, [2, 3]), fc.w).add(fc.b)
  return np.mean(np.sum(nn.logSoftmax(logits, -1).mul(labels), -1)).neg()
}

const step = jit((params, velocity, x, labels) => {
  const [loss, gradient] = valueAndGrad(lossOf)(tree.ref(params), x, labels)
  const moved = tree.map((v, g) => v.mul(momentum).add(g), velocity, gradient)
  return [loss, tree.map((p, v) => p.sub(v.mul(lr)), params, tree.ref(moved)), moved]
})

function parameters() {
  let seed = 0
  const unitOf = (inChannels, out, kernel) => ({
    w: random.normal(random.key(seed++), [out, inChannels, kernel, kernel]).mul(0.1),
    g: np.ones([out]),
    b: np.zeros([out]),
  })
  return {
    stem: unitOf(3, 16, 3),
    block1: { first: unitOf(16, 16, 3), second: unitOf(16, 16, 3) },
    block2: { first: unitOf(16, 32, 3), second: unitOf(32, 32, 3), shortcut: unitOf(16, 32, 1) },
    fc: { w: random.normal(random.key(seed), [32, 2]).mul(0.1), b: np.zeros([2]) },
  }
}

export async function answer({ batch, size, repeats }, _, timeSteps) {
  const devices = await init('wasm')
  if (!devices.includes('wasm')) return { absent: 'its WASM backend does not start in Node' }
  defaultDevice('wasm')
  let params = parameters()
  let velocity = tree.map((p) => np.zerosLike(p), tree.ref(params))
  const x = random.normal(random.key(99), [batch, 3, size, size])
  const classes = np.array(Array.from({ length: batch }, (_, index) => index % 2)).astype(np.int32)
  const labels = nn.oneHot(classes, 2)
  let loss = 0
  return timeSteps(async () => {
    const [value, ...next] = step(params, velocity, x.ref, labels.ref)
    ;[params, velocity] = next
    loss = (await value.data())[0]
    if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss}`)
  }, repeats)
}
