/**
 * Times each form of ResNet-18's convolutions and of their gradients, two threads, the fastest of serial runs:
 * `npx tsx -C onnx-finetune-source bench/ops.ts [batch] [forms]`, where `forms` is a pattern of names.
 * src/ops/conv-formulations.ts chooses among them.
 */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'

import { Graph, Tensor, type Value } from '../src/index.ts'
import { serialize } from '../src/graph/serialize.ts'
import { imageToColumns } from '../src/ops/conv-columns.ts'
import { emit, reshapeBy } from '../src/ops/conv-emit.ts'
import { geometryAttributes, geometryOf, outputPadding, type Geometry } from '../src/ops/conv-geometry.ts'
import { joinedColumns, joinSamples, splitSamples } from '../src/ops/conv-joined.ts'
import { reduceSum } from '../src/ops/reduce.ts'
import { transpose } from '../src/ops/reshape.ts'

const batch = Number(process.argv[2] ?? 4)
const wanted = new RegExp(process.argv[3] ?? '')
const [rounds, runs] = [4, 5]
const options = { intraOpNumThreads: 2, extra: { session: { force_spinning_stop: '1' } } }

/** Channels in and out, map size, kernel, stride. */
const layers = [
  [3, 64, 224, 7, 2],
  [64, 64, 56, 3, 1],
  [64, 128, 56, 3, 2],
  [128, 128, 28, 3, 1],
  [128, 256, 28, 3, 2],
  [256, 256, 14, 3, 1],
  [256, 512, 14, 3, 2],
  [512, 512, 7, 3, 1],
] as const

interface Layer {
  readonly x: Value
  readonly w: Value
  readonly dy: Value
  readonly geometry: Geometry
  /** Rows of W as a matrix, and windows of a picture. */
  readonly out: number
  readonly taps: number
  readonly positions: number
}

type Form = (layer: Layer) => Value

/** im2col, `[N, C · taps, windows]`. */
function columns({ x, dy, geometry, taps, positions }: Layer): Value {
  const windows = [dy.dim(2), dy.dim(3)]
  return reshapeBy(
    imageToColumns(x, geometry, windows, 'oneHot'),
    [0, taps, positions],
    [batch, taps, positions],
  )
}

const flat = (image: Value): Value =>
  reshapeBy(image, [0, 0, -1], [batch, image.dim(1), image.dim(2) * image.dim(3)])

const matrix = ({ w, out, taps }: Layer): Value => reshapeBy(w, [out, taps], [out, taps])

/** W with its channels swapped, as a matrix `[C, O · taps]`. */
function swappedMatrix({ w, out, taps, x }: Layer): Value {
  const [channels, size] = [x.dim(1), taps / x.dim(1)]
  const split = reshapeBy(w, [out, channels, size], [out, channels, size])
  return reshapeBy(transpose(split, [1, 0, 2]), [channels, out * size], [channels, out * size])
}

/** Wᵀ · dY for each picture, `[N, C · taps, windows]`. */
function spread(layer: Layer): Value {
  return emit(
    'MatMul',
    [transpose(matrix(layer), [1, 0]), flat(layer.dy)],
    [batch, layer.taps, layer.positions],
  )
}

/** W mirrored, channels swapped. */
function mirrored({ w }: Layer): Value {
  const [out, channels, height, width] = w.fixedShape() as [number, number, number, number]
  const size = height * width
  const anti = new Float32Array(size * size)
  for (let row = 0; row < size; row++) anti[row * size + size - 1 - row] = 1
  const rows = channels * out
  const swapped = reshapeBy(transpose(w, [1, 0, 2, 3]), [rows, size], [rows, size])
  const product = emit(
    'MatMul',
    [swapped, w.graph.constant(new Tensor('float32', anti, [size, size]))],
    [rows, size],
  )
  return reshapeBy(product, [channels, out, height, width], [channels, out, height, width])
}

const forms: Record<string, Form> = {
  'y: Conv': ({ x, w, dy, geometry }) => emit('Conv', [x, w], dy.shape, geometryAttributes(geometry)),
  'y: W · columns': (layer) =>
    emit('MatMul', [matrix(layer), columns(layer)], [batch, layer.out, layer.positions]),
  'columns alone': columns,
  'y: W · joined columns': (layer) => {
    const all = joinedColumns(layer.x, layer.geometry, [layer.dy.dim(2), layer.dy.dim(3)])
    return splitSamples(
      emit('Gemm', [matrix(layer), all], [layer.out, batch * layer.positions]),
      layer.dy.shape,
    )
  },
  'joined columns alone': ({ x, dy, geometry }) => joinedColumns(x, geometry, [dy.dim(2), dy.dim(3)]),
  'dW: a product a sample': (layer) => {
    const right = transpose(columns(layer), [0, 2, 1])
    return reduceSum(emit('MatMul', [flat(layer.dy), right], [batch, layer.out, layer.taps]), [0])
  },
  'dW: one Gemm': (layer) =>
    emit('Gemm', [joinSamples(layer.dy), joinSamples(columns(layer))], [layer.out, layer.taps], {
      transB: { int: 1 },
    }),
  'dW: one Gemm, joined columns': (layer) => {
    const all = joinedColumns(layer.x, layer.geometry, [layer.dy.dim(2), layer.dy.dim(3)])
    return emit('Gemm', [joinSamples(layer.dy), all], [layer.out, layer.taps], { transB: { int: 1 } })
  },
  'W swapped alone (dX)': swappedMatrix,
  'dX: W swapped · joined columns of dY (stride 1)': (layer) => {
    const all = joinedColumns(layer.dy, layer.geometry, [layer.x.dim(2), layer.x.dim(3)], 'mirrored')
    const product = emit('Gemm', [swappedMatrix(layer), all], [layer.x.dim(1), batch * layer.positions])
    return splitSamples(product, layer.x.shape)
  },
  'dX: Wᵀ · dY alone': spread,
  'dX: ConvTranspose': ({ x, w, dy, geometry }) => {
    const added = outputPadding(geometry, [x.dim(2), x.dim(3)], [dy.dim(2), dy.dim(3)])
    const attributes = { ...geometryAttributes(geometry), output_padding: { ints: added } }
    return emit('ConvTranspose', [dy, w], x.shape, attributes)
  },
  'dX: Conv, mirrored (stride 1)': (layer) =>
    emit('Conv', [layer.dy, mirrored(layer)], layer.x.shape, geometryAttributes(layer.geometry)),
}

for (const [channels, out, size, kernel, stride] of layers) {
  const geometry = geometryOf([kernel, kernel], { strides: stride, padding: Math.floor(kernel / 2) })
  const side = size / stride
  const dims = { out, taps: channels * kernel * kernel, positions: side * side }
  const timings: Record<string, number> = {}
  const sessions = []
  for (const [name, form] of Object.entries(forms)) {
    if (name.includes('dX') && channels === 3) continue
    if (name.includes('stride 1') && stride > 1) continue
    if (!wanted.test(name)) continue
    const graph = new Graph()
    const x = graph.input('x', 'float32', [batch, channels, size, size])
    const w = graph.input('w', 'float32', [out, channels, kernel, kernel])
    const dy = graph.input('dy', 'float32', [batch, out, side, side])
    firstElement(form({ x, w, dy, geometry, ...dims }))
    sessions.push({ name, graph, session: await InferenceSession.create(serialize(graph), options) })
  }
  for (let round = 0; round < rounds; round++) {
    for (const { name, graph, session } of sessions) {
      const feeds = Object.fromEntries(session.inputNames.map((input) => [input, noise(graph, input)]))
      for (let run = 0; run < runs; run++) {
        const began = performance.now()
        await session.run(feeds)
        timings[name] = Math.min(timings[name] ?? Infinity, performance.now() - began)
      }
    }
  }
  for (const { session } of sessions) await session.release()
  console.log(`${channels}→${out} channels, ${size}², ${kernel}×${kernel}, stride ${stride} (ms)`)
  for (const [name, ms] of Object.entries(timings)) console.log(`  ${name.padEnd(54)} ${ms.toFixed(2)}`)
}

/** Returning a whole result would be timed too. */
function firstElement(value: Value): void {
  const first = value.graph.constant(Tensor.from([0], 'int64'))
  const all = reshapeBy(value, [-1], ['all'])
  value.graph.output(emit('Gather', [all, first], [1], { axis: { int: 0 } }))
}

function noise(graph: Graph, name: string): OrtTensor {
  const shape = graph.inputs.find((input) => input.name === name)!.fixedShape()
  const count = shape.reduce((total, dim) => total * dim, 1)
  return new OrtTensor(
    'float32',
    Float32Array.from({ length: count }, () => Math.random() - 0.5),
    shape,
  )
}
