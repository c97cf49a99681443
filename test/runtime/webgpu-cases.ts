import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { Attributes, ValueType } from '../../src/graph/graph.ts'

/** Operators for test/runtime/webgpu-facts.test.ts, one a case: what WebGPU computes rightly, and what it doesn't have. */

const generator = new Generator(5)

/** Numbers that are no two the same, which all operators take. */
export function random(shape: readonly number[], dtype: 'float32' | 'int32' | 'int64' = 'float32'): Tensor {
  const tensor = Tensor.zeros(shape, dtype)
  for (let index = 0; index < tensor.size; index++) {
    const value = dtype === 'float32' ? 0.1 + generator.random() : generator.integer(0, 3)
    tensor.data[index] = dtype === 'int64' ? BigInt(value) : value
  }
  return tensor
}

/** An operator and its inputs. */
export interface One {
  readonly type: string
  readonly inputs: readonly Tensor[]
  readonly attributes?: Attributes
  /** The types of the outputs; shapes are ONNX Runtime's affair. */
  readonly outputs?: readonly ValueType['dtype'][]
  /** Inputs that are constants. Default: none. */
  readonly constants?: readonly number[]
  readonly shape: readonly number[]
}

/** A convolution of 3×3. */
export const conv = (channels: number, outputs: number, group = 1): One => ({
  type: 'Conv',
  inputs: [random([2, channels, 7, 7]), random([outputs, channels / group, 3, 3])],
  attributes: { group: { int: group }, pads: { ints: [1, 1, 1, 1] } },
  shape: [2, outputs, 7, 7],
})
export const x = random([2, 4, 6])
export const ints = (...values: number[]) => Tensor.from(values, 'int64')
const elementwise = (type: string, count = 1): One => ({
  type,
  inputs: Array.from({ length: count }, () => random(x.shape)),
  shape: x.shape,
})
export const images = random([2, 6, 9, 9])

/** On the device, with the CPU's numbers. */
export const right: Readonly<Record<string, One>> = {
  'Conv of 6 channels': conv(6, 8),
  'grouped Conv': conv(4, 16, 4),
  ConvTranspose: {
    type: 'ConvTranspose',
    inputs: [random([2, 6, 4, 4]), random([6, 3, 3, 3])],
    attributes: { strides: { ints: [2, 2] }, pads: { ints: [1, 1, 1, 1] }, output_padding: { ints: [1, 1] } },
    shape: [2, 3, 8, 8],
  },
  MatMul: { type: 'MatMul', inputs: [random([3, 5, 7]), random([3, 7, 4])], shape: [3, 5, 4] },
  'Gemm with transB': {
    type: 'Gemm',
    inputs: [random([5, 7]), random([4, 7])],
    attributes: { transB: { int: 1 } },
    shape: [5, 4],
  },
  'Gather by int32': {
    type: 'Gather',
    inputs: [x, Tensor.from([3, 0, 5], 'int32')],
    attributes: { axis: { int: 2 } },
    shape: [2, 4, 3],
  },
  'Slice with steps': {
    type: 'Slice',
    inputs: [x, ints(1), ints(6), ints(2), ints(2)],
    constants: [1, 2, 3, 4],
    shape: [2, 4, 3],
  },
  Pad: {
    type: 'Pad',
    inputs: [x, ints(0, 1, 0, 0, 2, 1), Tensor.from(-2)],
    constants: [1, 2],
    shape: [2, 7, 7],
  },
  Transpose: { type: 'Transpose', inputs: [x], attributes: { perm: { ints: [2, 0, 1] } }, shape: [6, 2, 4] },
  'Concat of 9': {
    type: 'Concat',
    inputs: Array.from({ length: 9 }, () => random([2, 3])),
    attributes: { axis: { int: 1 } },
    shape: [2, 27],
  },
  ReduceSum: {
    type: 'ReduceSum',
    inputs: [x, ints(0, 2)],
    constants: [1],
    attributes: { keepdims: { int: 0 } },
    shape: [4],
  },
  ReduceMean: {
    type: 'ReduceMean',
    inputs: [x, ints(1)],
    constants: [1],
    attributes: { keepdims: { int: 1 } },
    shape: [2, 1, 6],
  },
  ReduceMax: {
    type: 'ReduceMax',
    inputs: [x, ints(2)],
    constants: [1],
    attributes: { keepdims: { int: 1 } },
    shape: [2, 4, 1],
  },
  BatchNormalization: {
    type: 'BatchNormalization',
    inputs: [images, random([6]), random([6]), random([6]), random([6])],
    shape: images.shape,
  },
  MaxPool: {
    type: 'MaxPool',
    inputs: [images],
    attributes: { kernel_shape: { ints: [3, 3] }, strides: { ints: [2, 2] }, pads: { ints: [1, 1, 1, 1] } },
    shape: [2, 6, 5, 5],
  },
  GlobalAveragePool: { type: 'GlobalAveragePool', inputs: [images], shape: [2, 6, 1, 1] },
  Softmax: { type: 'Softmax', inputs: [x], attributes: { axis: { int: -1 } }, shape: x.shape },
  Where: {
    type: 'Where',
    inputs: [Tensor.from([1, 0, 1, 0, 1, 1], 'bool'), x, random(x.shape)],
    shape: x.shape,
  },
  'Cast of int32': {
    type: 'Cast',
    inputs: [random([3], 'int32')],
    attributes: { to: { int: 1 } },
    shape: [3],
  },
  HardSigmoid: elementwise('HardSigmoid'),
  ...Object.fromEntries(
    ['Relu', 'Sigmoid', 'Tanh', 'Erf', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Neg', 'Abs'].map((type) => [
      type,
      elementwise(type),
    ]),
  ),
  ...Object.fromEntries(
    ['Add', 'Sub', 'Mul', 'Div', 'Max', 'Min', 'Pow'].map((type) => [type, elementwise(type, 2)]),
  ),
}

/** Not on the device. */
export const fallsToCpu: Readonly<Record<string, One>> = {
  Sign: elementwise('Sign'),
  LogSoftmax: elementwise('LogSoftmax'),
  'Sum of three': elementwise('Sum', 3),
  Mod: {
    type: 'Mod',
    inputs: [random([4], 'int32'), Tensor.from([2, 2, 2, 2], 'int32')],
    outputs: ['int32'],
    shape: [4],
  },
  Or: {
    type: 'Or',
    inputs: [Tensor.from([1, 0], 'bool'), Tensor.from([0, 0], 'bool')],
    outputs: ['bool'],
    shape: [2],
  },
  'Equal of int64': { type: 'Equal', inputs: [ints(1, 2), ints(1, 3)], outputs: ['bool'], shape: [2] },
  'ReduceSum of int64': { type: 'ReduceSum', inputs: [ints(1, 2)], outputs: ['int64'], shape: [1] },
  'Cast of int64': { type: 'Cast', inputs: [ints(1, 2)], attributes: { to: { int: 1 } }, shape: [2] },
  OneHot: {
    type: 'OneHot',
    inputs: [Tensor.from([1, 2], 'int32'), Tensor.from([3], 'int32'), Tensor.from([0, 1])],
    constants: [1, 2],
    shape: [2, 3],
  },
  Col2Im: {
    type: 'Col2Im',
    inputs: [random([1, 4, 4]), ints(3, 3), ints(2, 2)],
    constants: [1, 2],
    shape: [1, 1, 3, 3],
  },
  RandomNormalLike: { type: 'RandomNormalLike', inputs: [x], shape: x.shape },
}
