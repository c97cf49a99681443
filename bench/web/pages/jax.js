// jax-js: ResNet-18 as functions, its training step compiled by `jit`.
import { defaultDevice, init, jit, lax, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax'

const [lr, momentum, epsilon] = [0.001, 0.9, 1e-5]

// Each use of an array but its last takes a `.ref`: jax-js counts owners.
function convolution(x, weight, stride) {
  const padding = weight.shape[2] >> 1
  const pads = [
    [padding, padding],
    [padding, padding],
  ]
  return lax.convGeneralDilated(x, weight, [stride, stride], pads)
}

function batchNorm(x, weight, bias) {
  const mean = np.mean(x.ref, [0, 2, 3], { keepdims: true })
  const centred = x.sub(mean)
  const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true })
  const scale = np.reciprocal(np.sqrt(variance.add(epsilon)))
  return centred.mul(scale.mul(weight.reshape([1, -1, 1, 1]))).add(bias.reshape([1, -1, 1, 1]))
}

const unit = (x, { w, g, b }, stride = 1) => batchNorm(convolution(x, w, stride), g, b)

function block(x, { first, second, shortcut }, stride) {
  const y = unit(nn.relu(unit(x.ref, first, stride)), second)
  return nn.relu(y.add(shortcut ? unit(x, shortcut, stride) : x))
}

/** After a ReLU, zeros at the border change nothing. */
function maxPool(x) {
  const padded = np.pad(x, [
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ])
  return lax.reduceWindow(padded, (window) => np.max(window), [1, 1, 3, 3], [1, 1, 2, 2])
}

function lossOf(fc, { stem, blocks }, x, labels) {
  let features = maxPool(nn.relu(unit(x, stem, 2)))
  for (const [index, each] of blocks.entries())
    features = block(features, each, each.shortcut && index > 0 ? 2 : 1)
  const logits = np.matmul(np.mean(features, [2, 3]), fc.w).add(fc.b)
  return np.mean(np.sum(nn.logSoftmax(logits, -1).mul(labels), -1)).neg()
}

function descend(params, velocity, gradient) {
  const moved = tree.map((v, g) => v.mul(momentum).add(g), velocity, gradient)
  return [tree.map((p, v) => p.sub(v.mul(lr)), params, tree.ref(moved)), moved]
}

const frozenStep = jit(({ fc, body }, velocity, x, labels) => {
  const [loss, gradient] = valueAndGrad(lossOf)(tree.ref(fc), tree.ref(body), x, labels)
  const [next, moved] = descend(fc, velocity, gradient)
  return [loss, { fc: next, body }, moved]
})

const wholeStep = jit((params, velocity, x, labels) => {
  const loss = ({ fc, body }, inputs, truth) => lossOf(fc, body, inputs, truth)
  const [value, gradient] = valueAndGrad(loss)(tree.ref(params), x, labels)
  return [value, ...descend(params, velocity, gradient)]
})

function parameters() {
  let seed = 0
  const noise = (shape, fan) => random.normal(random.key(seed++), shape).mul(Math.sqrt(2 / fan))
  const unitOf = (channels, out, kernel) => ({
    w: noise([out, channels, kernel, kernel], out * kernel * kernel),
    g: np.ones([out]),
    b: np.zeros([out]),
  })
  const blockOf = (channels, out) => ({
    first: unitOf(channels, out, 3),
    second: unitOf(out, out, 3),
    ...(channels === out ? {} : { shortcut: unitOf(channels, out, 1) }),
  })
  const blocks = [64, 128, 256, 512].flatMap((out) => [
    blockOf(out === 64 ? 64 : out / 2, out),
    blockOf(out, out),
  ])
  const fc = { w: noise([512, 2], 1024), b: np.zeros([2]) }
  return { fc, body: { stem: unitOf(3, 64, 7), blocks } }
}

let params, velocity, x, labels, train

async function prepare({ backend, work, batch, size }) {
  const devices = await init(backend)
  if (!devices.includes(backend)) throw new Error(`no device ${backend}`)
  defaultDevice(backend)
  params = parameters()
  const trained = work === 'frozen' ? params.fc : params
  velocity = tree.map((p) => np.zerosLike(p), tree.ref(trained))
  train = work === 'frozen' ? frozenStep : wholeStep
  x = random.normal(random.key(99), [batch, 3, size, size])
  const classes = np.array(Array.from({ length: batch }, (_, index) => index % 2)).astype(np.int32)
  labels = nn.oneHot(classes, 2)
}

async function step() {
  const [loss, ...next] = train(params, velocity, x.ref, labels.ref)
  ;[params, velocity] = next
  return (await loss.data())[0]
}

globalThis.contender = { prepare, step }
