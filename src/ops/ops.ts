/**
 * The operators that graphs are written in: what enters is one or more values of a graph, and what leaves is the value
 * that the added node gives. Those that give floats can be differentiated, unless they say otherwise.
 *
 * @module
 */
export {
  abs,
  dropout,
  erf,
  exp,
  gelu,
  leakyRelu,
  log,
  logSoftmax,
  relu,
  sigmoid,
  sign,
  softmax,
  sqrt,
  tanh,
  type GeluOptions,
} from './activations.ts'
export {
  batchNorm,
  batchNormInference,
  batchNormTraining,
  type BatchNormOptions,
  type BatchNormResult,
} from './batch-norm.ts'
export { expand, expandAs } from './broadcast.ts'
export { and, cast, equal, greater, greaterOrEqual, less, where } from './compare.ts'
export { concat, split } from './concat.ts'
export { like, scalar } from './constants.ts'
export type { WindowOptions } from './conv-geometry.ts'
export { convTranspose, type ConvTransposeOptions } from './conv-transpose.ts'
export { conv, type ConvOptions } from './conv.ts'
export { add, div, mul, neg, sub, type Operand } from './elementwise.ts'
export { clip, maximum, minimum, type ClipOptions } from './extremes.ts'
export { gather } from './gather.ts'
export { hardSigmoid, hardSwish } from './hard-activations.ts'
export { layerNorm } from './layer-norm.ts'
export { gemm, linear, matMul, type GemmOptions } from './matmul.ts'
export { pad, type PadMode, type PadOptions } from './pad.ts'
export {
  averagePool,
  globalAveragePool,
  maxPool,
  type AveragePoolOptions,
  type MaxPoolOptions,
} from './pool.ts'
export { pow } from './power.ts'
export { reduceMax, reduceMean, reduceSum, type ReduceOptions } from './reduce.ts'
export { flatten, reshape, squeeze, transpose, unsqueeze } from './reshape.ts'
export { slice, type SliceOptions } from './slice.ts'
