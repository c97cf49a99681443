import { Generator } from '../../src/core/generator.ts'
import { isFloat } from '../../src/core/dtype.ts'
import { sizeOf } from '../../src/core/shape.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Dim, type Value } from '../../src/graph/graph.ts'
import * as ops from '../../src/ops/ops.ts'

/**
 * Every built-in operator with a gradient, on numbers where it is smooth: what central-differences.test.ts checks.
 * A case is here because its rule takes another path, or its shape is one that rules get wrong.
 */
export interface DifferenceCase {
  /** Float inputs are differentiated; others are fed as they are. */
  readonly inputs: readonly Tensor[]
  readonly build: (...inputs: Value[]) => Value | readonly Value[]
  /** Inputs whose first dimension is the batch. Default: the first one, where it has one. */
  readonly batched?: readonly number[]
  /** Float inputs that carry no gradient. Default: none. */
  readonly fixed?: readonly number[]
  /** Default: 1e-3 of the derivative's size. */
  readonly tolerance?: number
}

const generator = new Generator(7)

function tensor(shape: readonly number[], next: () => number): Tensor<'float32'> {
  // Multiples of 1/1024 keep the steps of the differences exact, next to 1000 too.
  return new Tensor(
    'float32',
    Float32Array.from({ length: sizeOf(shape) }, () => Math.round(next() * 1024) / 1024),
    shape,
  )
}

const normal = (...shape: number[]): Tensor<'float32'> => tensor(shape, () => generator.normal())
const between = (low: number, high: number, ...shape: number[]): Tensor<'float32'> =>
  tensor(shape, () => generator.uniform(low, high))

/** Numbers that lie at least 1/6 apart, and 1/12 from every multiple of 1/6: far from ties and kinks there. */
function spaced(...shape: number[]): Tensor<'float32'> {
  const size = sizeOf(shape)
  const places = generator.permutation(size)
  return tensor(shape, () => (places.pop()! - Math.floor(size / 2) + 0.5) / 6)
}

const mask = (...shape: number[]): Tensor => {
  const data = Uint8Array.from({ length: sizeOf(shape) }, () => generator.integer(0, 2))
  return new Tensor('bool', data, shape)
}
const indices = (...values: number[]): Tensor => new Tensor('int32', Int32Array.from(values), [values.length])

const unary: Record<string, [(x: Value) => Value, Tensor]> = {
  neg: [ops.neg, normal(3, 4)],
  relu: [ops.relu, spaced(3, 5)],
  leakyRelu: [(x) => ops.leakyRelu(x, 0.2), spaced(3, 5)],
  sigmoid: [ops.sigmoid, normal(3, 4)],
  tanh: [ops.tanh, normal(3, 4)],
  exp: [ops.exp, normal(3, 4)],
  log: [ops.log, between(0.5, 2, 3, 4)],
  sqrt: [ops.sqrt, between(0.5, 2, 3, 4)],
  abs: [ops.abs, spaced(3, 5)],
  erf: [ops.erf, normal(3, 4)],
  gelu: [ops.gelu, normal(3, 4)],
  'gelu by tanh': [(x) => ops.gelu(x, { approximate: 'tanh' }), normal(3, 4)],
  hardSigmoid: [ops.hardSigmoid, spaced(7, 7)],
  hardSwish: [ops.hardSwish, spaced(7, 7)],
  clip: [(x) => ops.clip(x, { min: -1, max: 0.5 }), spaced(5, 5)],
  'clip from below': [(x) => ops.clip(x, { min: 0 }), spaced(5, 5)],
  'pow 2': [(x) => ops.pow(x, 2), normal(3, 4)],
  'pow 0.5': [(x) => ops.pow(x, 0.5), between(0.5, 2, 3, 4)],
  'pow −2': [(x) => ops.pow(x, -2), between(0.5, 2, 3, 4)],
  'number to a power': [(x) => ops.pow(2, x), normal(3, 4)],
  cast: [(x) => ops.mul(ops.cast(ops.cast(x, 'float64'), 'float32'), x), normal(3, 4)],
  softmax: [(x) => ops.softmax(x), normal(3, 5)],
  'softmax over channels': [(x) => ops.softmax(x, 1), normal(2, 3, 2, 2)],
  'softmax of equal logits': [(x) => ops.softmax(x), Tensor.full([2, 4], 3)],
  logSoftmax: [(x) => ops.logSoftmax(x), normal(3, 5)],
  'logSoftmax over channels': [(x) => ops.logSoftmax(x, 1), normal(2, 3, 2, 2)],
  'logSoftmax of equal logits': [(x) => ops.logSoftmax(x), Tensor.full([2, 4], 3)],
}

const shaping: Record<string, [(x: Value) => Value | readonly Value[], Tensor]> = {
  'reduceSum over all': [(x) => ops.reduceSum(x), normal(3, 4)],
  reduceSum: [(x) => ops.reduceSum(x, [1, -1]), normal(3, 2, 4)],
  'reduceMean over the batch': [(x) => ops.reduceMean(x, [0]), normal(3, 4)],
  'reduceMean, dimensions kept': [(x) => ops.reduceMean(x, [0, 2], { keepDims: true }), normal(3, 2, 4)],
  reduceMax: [(x) => ops.reduceMax(x, [1]), spaced(3, 5)],
  'reduceMax over the batch': [(x) => ops.reduceMax(x, [0, 2]), spaced(3, 2, 4)],
  reshape: [(x) => ops.reshape(x, [x.shape[0]!, 2, 6]), normal(2, 3, 4)],
  flatten: [(x) => ops.flatten(x), normal(2, 3, 4)],
  transpose: [(x) => ops.transpose(x, [2, 0, 1]), normal(2, 3, 4)],
  squeeze: [(x) => ops.squeeze(x, [1, -1]), normal(2, 1, 3, 1)],
  unsqueeze: [(x) => ops.unsqueeze(x, [1, -1]), normal(2, 3)],
  expand: [(x) => ops.expand(x, [x.shape[0]!, 3, 4]), normal(2, 3, 1)],
  'expand by dimensions': [(x) => ops.expand(x, [5, x.shape[0]!, 3]), normal(2, 3)],
  slice: [(x) => ops.slice(x, [1, -2], [3, 4], { axes: [2, 1] }), normal(2, 4, 5)],
  'slice by steps': [
    (x) => ops.slice(x, [3, 0], [-Infinity, 5], { axes: [1, 2], steps: [-2, 3] }),
    normal(2, 4, 5),
  ],
  'concat of one value twice': [(x) => ops.concat([x, ops.mul(x, x)], 1), normal(2, 3, 2)],
  split: [(x) => ops.split(x, [2, 1, 3], -1), normal(2, 6)],
  'split, one part used': [(x) => ops.split(x, 4, 1)[0]!, normal(2, 6)],
  'pad constant': [(x) => ops.pad(x, [1, 0, 2, 3], { axes: [1, 2], value: 1.5 }), normal(2, 3, 4)],
  'pad reflect': [(x) => ops.pad(x, [2, 1, 1, 3], { axes: [1, 2], mode: 'reflect' }), normal(2, 3, 4)],
  'pad edge': [(x) => ops.pad(x, [2, 1, 1, 3], { axes: [1, 2], mode: 'edge' }), normal(2, 3, 4)],
  gather: [(x) => ops.gather(x, [2, 0], 1), normal(2, 3, 2)],
  'gather of equal indices': [(x) => ops.gather(x, [1, -2, 0, 1], 1), normal(2, 3, 2)],
  'gather of one': [(x) => ops.gather(x, -1, 1), normal(2, 3, 2)],
}

const binary: Record<string, (a: Value, b: Value) => Value> = {
  add: ops.add,
  sub: ops.sub,
  mul: ops.mul,
  div: ops.div,
  maximum: ops.maximum,
  minimum: ops.minimum,
}

/** Shapes that broadcast: equal, a row, a column, a stretched batch, a scalar, both stretched. */
const pairs: readonly (readonly [readonly number[], readonly number[], readonly number[]])[] = [
  [
    [2, 3],
    [2, 3],
    [0, 1],
  ],
  [[2, 3, 4], [4], [0]],
  [[2, 3, 4], [3, 1], [0]],
  [[1, 3], [2, 3], [1]],
  [[2, 3], [], [0]],
  [[2, 1, 4], [3, 1], [0]],
]

/** Two inputs no two numbers of which are nearer than 1/12, and none near 0. */
function apart(a: readonly number[], b: readonly number[]): Tensor<'float32'>[] {
  const all = spaced(sizeOf(a) + sizeOf(b)).data
  return [new Tensor('float32', all.slice(0, sizeOf(a)), a), new Tensor('float32', all.slice(sizeOf(a)), b)]
}

/** Away from 0, which divisors need. */
const positive = ({ shape, data }: Tensor<'float32'>): Tensor =>
  new Tensor(
    'float32',
    Float32Array.from(data, (value) => Math.abs(value) + 0.5),
    shape,
  )

const broadcasting = Object.entries(binary).flatMap(([name, build]) =>
  pairs.map(([a, b, batched]): [string, DifferenceCase] => {
    const [left, right] = apart(a, b)
    const inputs = [left!, name === 'div' ? positive(right!) : right!]
    return [`${name} [${a.join(', ')}] [${b.join(', ')}]`, { inputs, build, batched }]
  }),
)

const layerNorm = (x: Value, scale: Value, bias: Value): Value => ops.layerNorm(x, scale, bias)

const [positives, exponents] = [between(0.5, 2, 2, 3), between(-2, 2, 3)]

const several: Record<string, DifferenceCase> = {
  pow: { inputs: [positives, exponents], build: ops.pow },
  where: { inputs: [mask(2, 3), normal(2, 3), normal(3)], build: ops.where, batched: [0, 1] },
  'where, condition stretched': { inputs: [mask(3), normal(2, 3), normal()], build: ops.where, batched: [1] },
  'concat of three': {
    inputs: [normal(2, 1, 3), normal(2, 2, 3), normal(2, 3, 3)],
    build: (...values) => ops.concat(values, 1),
    batched: [0, 1, 2],
  },
  'pad by a value': {
    inputs: [normal(2, 3), normal()],
    build: (x, value) => ops.pad(x, [1, 2], { axes: [1], value: value }),
  },
  'gather by fed indices': {
    inputs: [normal(5, 3), indices(4, 0, 4, -1)],
    build: (x, at) => ops.gather(x, at),
    batched: [1],
  },
  'gather along channels by fed indices': {
    inputs: [normal(2, 4), indices(3, 3, 1)],
    build: (x, at) => ops.gather(x, at, 1),
  },
  dropout: {
    inputs: [normal(3, 4), tensor([3, 4], () => generator.integer(0, 2))],
    build: (x, keep) => ops.dropout(x, keep, 0.25),
    batched: [0, 1],
    fixed: [1],
  },
  matMul: { inputs: [normal(2, 3), normal(3, 4)], build: ops.matMul },
  'matMul of batches': {
    inputs: [normal(2, 3, 4), normal(2, 4, 5)],
    build: ops.matMul,
    batched: [0, 1],
  },
  'matMul, batch stretched': { inputs: [normal(2, 1, 2, 4), normal(3, 4, 5)], build: ops.matMul },
  'matMul of a batch by a matrix': { inputs: [normal(2, 3, 4), normal(4, 5)], build: ops.matMul },
  gemm: {
    inputs: [normal(2, 3), normal(4, 3), normal(4)],
    build: (a, b, c) => ops.gemm(a, b, c, { alpha: 0.5, beta: 2, transB: true }),
  },
  'gemm, first transposed': {
    inputs: [normal(3, 2), normal(3, 4), normal(2, 1)],
    build: (a, b, c) => ops.gemm(a, b, c, { transA: true }),
    batched: [],
  },
  linear: { inputs: [normal(2, 3), normal(4, 3), normal(4)], build: ops.linear },
  'linear of sequences': { inputs: [normal(2, 5, 3), normal(4, 3), normal(4)], build: ops.linear },
  layerNorm: { inputs: [normal(2, 3, 5), normal(5), normal(5)], build: layerNorm },
  'layerNorm over two dimensions': {
    inputs: [normal(2, 3, 4), normal(3, 4), normal(3, 4)],
    build: layerNorm,
  },
}

const conv = (options: ops.ConvOptions) => (x: Value, w?: Value, b?: Value) => ops.conv(x, w!, b, options)

const windows: Record<string, DifferenceCase> = {
  conv: { inputs: [normal(2, 2, 5, 6), normal(3, 2, 3, 3), normal(3)], build: conv({ padding: 1 }) },
  'conv with constant weights': {
    inputs: [normal(2, 2, 5, 6)],
    build: (x) => ops.conv(x, x.graph.constant(normal(3, 2, 3, 3)), undefined, { padding: 1 }),
  },
  // Other forms are taken for 196, 400 and 576 positions: src/ops/conv-formulations.ts.
  'conv of 14 × 14 pixels': {
    inputs: [normal(2, 1, 14, 14), normal(2, 1, 3, 3), normal(2)],
    build: conv({ padding: 1 }),
  },
  'conv of 20 × 20 pixels': {
    inputs: [normal(1, 2, 20, 20), normal(2, 2, 3, 3)],
    build: conv({ padding: 1 }),
  },
  'conv of 24 × 24 pixels': {
    inputs: [normal(1, 2, 24, 24), normal(2, 2, 3, 3)],
    build: conv({ padding: 1 }),
  },
  'conv 1×1 stride 2': { inputs: [normal(2, 3, 5, 4), normal(2, 3, 1, 1)], build: conv({ strides: 2 }) },
  'conv stride 2 of an odd size': {
    inputs: [normal(2, 2, 7, 5), normal(3, 2, 3, 3), normal(3)],
    build: conv({ strides: 2, padding: 1 }),
  },
  'conv stride 3 that leaves the last row out': {
    inputs: [normal(2, 2, 8, 7), normal(2, 2, 3, 2)],
    build: conv({ strides: 3, pads: [0, 1, 1, 0] }),
  },
  'conv in groups, dilated': {
    inputs: [normal(2, 4, 7, 6), normal(4, 2, 3, 3), normal(4)],
    build: conv({ group: 2, dilations: 2, padding: 2 }),
  },
  'conv depthwise': {
    inputs: [normal(2, 3, 6, 5), normal(3, 1, 3, 3)],
    build: conv({ group: 3, strides: 2, padding: 1 }),
  },
  'conv in three dimensions': {
    inputs: [normal(1, 2, 3, 4, 3), normal(2, 2, 2, 3, 2)],
    build: conv({ padding: 1 }),
  },
  'conv in one dimension': { inputs: [normal(2, 2, 7), normal(3, 2, 3)], build: conv({ padding: 1 }) },
  convTranspose: {
    inputs: [normal(2, 3, 3, 4), normal(3, 2, 3, 3), normal(2)],
    build: (x, w, b) => ops.convTranspose(x, w, b, { strides: 2, padding: 1, outputPadding: 1 }),
  },
  'convTranspose in groups': {
    inputs: [normal(2, 4, 3, 3), normal(4, 1, 2, 2)],
    build: (x, w) => ops.convTranspose(x, w, undefined, { group: 2, dilations: 2 }),
  },
  maxPool: {
    inputs: [spaced(2, 2, 7, 6)],
    build: (x) => ops.maxPool(x, 3, { strides: 2, padding: 1 }),
  },
  'maxPool dilated, in one dimension': {
    inputs: [spaced(2, 2, 9)],
    build: (x) => ops.maxPool(x, 3, { strides: 1, dilations: 2 }),
  },
  averagePool: {
    inputs: [normal(2, 2, 7, 6)],
    build: (x) => ops.averagePool(x, 3, { strides: 2, padding: 1 }),
  },
  'averagePool, padding left out': {
    inputs: [normal(2, 2, 7, 6)],
    build: (x) => ops.averagePool(x, 3, { strides: 2, padding: 1, countIncludePad: false }),
  },
  globalAveragePool: { inputs: [normal(2, 3, 5, 4)], build: ops.globalAveragePool },
}

const batchNorm = (x: Value, scale?: Value, bias?: Value): Value => ops.batchNormTraining(x, scale!, bias!).y

const statistics: Record<string, DifferenceCase> = {
  'batchNorm, training': { inputs: [normal(3, 2, 3, 3), normal(2), normal(2)], build: batchNorm },
  'batchNorm, training, mean 1000': {
    inputs: [tensor([3, 2, 3, 3], () => 1000 + generator.normal()), normal(2), normal(2)],
    build: batchNorm,
    // Next to 1000 float32 has steps of 6e-5, which the mean is rounded to.
    tolerance: 1e-2,
  },
  'batchNorm, evaluation': {
    inputs: [normal(3, 2, 3, 3), normal(2), normal(2), normal(2), between(0.5, 2, 2)],
    build: (x, ...rest) => ops.batchNormInference(x, rest[0]!, rest[1]!, rest[2]!, rest[3]!),
    fixed: [3, 4],
  },
}

const single = (entries: Record<string, [DifferenceCase['build'], Tensor]>): [string, DifferenceCase][] =>
  Object.entries(entries).map(([name, [build, x]]) => [name, { inputs: [x], build: (value) => build(value) }])

/** All cases by their names. */
export const differenceCases: readonly (readonly [string, DifferenceCase])[] = [
  ...single(unary),
  ...single(shaping),
  ...broadcasting,
  ...Object.entries({ ...several, ...windows, ...statistics }),
]

/** A case's graph. With `batch`, the size of the batch is `'N'`. */
export function buildCase(
  { inputs, build, batched = [0], fixed = [] }: DifferenceCase,
  symbolicBatch: boolean,
): { readonly inputs: Value[]; readonly differentiated: number[]; readonly outputs: readonly Value[] } {
  const graph = new Graph()
  const values = inputs.map(({ dtype, shape }, index) => {
    const dims: Dim[] = [...shape]
    if (symbolicBatch && batched.includes(index)) dims[0] = 'N'
    return graph.input(`x${index}`, dtype, dims)
  })
  const built = build(...values)
  const differentiated = inputs.flatMap(({ dtype }, index) =>
    isFloat(dtype) && !fixed.includes(index) ? [index] : [],
  )
  return { inputs: values, differentiated, outputs: 'graph' in built ? [built] : built }
}
