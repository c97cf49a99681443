import type { Attributes, Value } from '../graph/graph.ts'
import { cast, greater } from './compare.ts'
import { like } from './constants.ts'
import { add, div, mul, neg, sub } from './elementwise.ts'
import { reduceMax, reduceSum } from './reduce.ts'
import type { OpDefinition } from './registry.ts'

/** Elementwise functions of one input, and the softmaxes, with their derivatives (written by the output where cheaper). */

function unary(opType: string, x: Value, attributes: Attributes = {}): Value {
  return x.graph.add(opType, [x], attributes, [x]).output()
}

/** max(x, 0); the derivative at 0 is 0, as PyTorch's. @see https://onnx.ai/onnx/operators/onnx__Relu.html */
export const relu = (x: Value): Value => unary('Relu', x)
/** 1 / (1 + e^−x). */
export const sigmoid = (x: Value): Value => unary('Sigmoid', x)
/** Hyperbolic tangent. */
export const tanh = (x: Value): Value => unary('Tanh', x)
/** e^x. */
export const exp = (x: Value): Value => unary('Exp', x)
/** Natural logarithm. */
export const log = (x: Value): Value => unary('Log', x)
/** Square root. */
export const sqrt = (x: Value): Value => unary('Sqrt', x)
/** Absolute value; the derivative at 0 is 0. */
export const abs = (x: Value): Value => unary('Abs', x)
/** Gauss error function. */
export const erf = (x: Value): Value => unary('Erf', x)
/** −1, 0 or 1. No gradient. */
export const sign = (x: Value): Value => unary('Sign', x)
/** e^x / Σ e^x over `axis`. @see https://onnx.ai/onnx/operators/onnx__Softmax.html */
export const softmax = (x: Value, axis = -1): Value => unary('Softmax', x, { axis: { int: axis } })
/** log(softmax(x)), stable for large logits. @see https://onnx.ai/onnx/operators/onnx__LogSoftmax.html */
export const logSoftmax = (x: Value, axis = -1): Value => unary('LogSoftmax', x, { axis: { int: axis } })
/** x for positive x, `slope`·x for others. */
export const leakyRelu = (x: Value, slope = 0.01): Value => unary('LeakyRelu', x, { alpha: { float: slope } })

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `'tanh'`: 0.5 · x · (1 + tanh(√(2 / π) · (x + 0.044715 · x³))). Default: `'none'`, by the error function. */
  readonly approximate?: 'none' | 'tanh' | undefined
}

/**
 * x · Φ(x), with the normal distribution's Φ. In other operators: ONNX has Gelu from opset 20 on only.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.GELU.html
 */
export function gelu(x: Value, { approximate = 'none' }: GeluOptions = {}): Value {
  const cumulative =
    approximate === 'tanh'
      ? tanh(mul(add(x, mul(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI)))
      : erf(mul(x, Math.SQRT1_2))
  return mul(mul(x, 0.5), add(cumulative, 1))
}

/** Keeps elements by a fed mask of zeros and ones, scaled by 1 / (1 − p). @see https://pytorch.org/docs/stable/generated/torch.nn.Dropout.html */
export function dropout(x: Value, mask: Value, p: number): Value {
  return mul(x, mul(mask, p === 1 ? 0 : 1 / (1 - p)))
}

/** 1 where x > 0, else 0, in x's dtype. */
const step = (x: Value): Value => cast(greater(x, like(x, 0)), x.dtype)

/**
 * 1 where x > 0, else 0: min(max(αx, 0), 1) with an α that takes all but denormal numbers to 1. On the CPU this took a
 * tenth of the time of `Sign`, and less than any comparison.
 */
const steepStep = (x: Value): Value =>
  x.graph.add('HardSigmoid', [x], { alpha: { float: 3.4e38 }, beta: { float: 0 } }, [x]).output()

/** Definitions of the activations. */
export const activationOps: OpDefinition[] = [
  {
    type: 'Relu',
    gradient: (node, [dy]) => [reluGrad(dy!, node.output())],
  },
  {
    type: 'onnx-finetune.ReluGrad',
    lower: (node, { device }) => {
      const y = node.input(1)
      return [mul(node.input(0), device === 'cpu' ? steepStep(y) : step(y))]
    },
  },
  {
    type: 'LeakyRelu',
    gradient: (node, [dy]) => {
      const positive = step(node.input(0))
      const slope = node.float('alpha', 0.01)
      return [mul(dy!, add(mul(positive, 1 - slope), slope))]
    },
  },
  {
    type: 'Sigmoid',
    gradient: (node, [dy]) => [mul(dy!, mul(node.output(), sub(1, node.output())))],
  },
  { type: 'Tanh', gradient: (node, [dy]) => [mul(dy!, sub(1, mul(node.output(), node.output())))] },
  { type: 'Exp', gradient: (node, [dy]) => [mul(dy!, node.output())] },
  { type: 'Log', gradient: (node, [dy]) => [div(dy!, node.input(0))] },
  { type: 'Sqrt', gradient: (node, [dy]) => [div(mul(dy!, 0.5), node.output())] },
  { type: 'Abs', gradient: (node, [dy]) => [mul(dy!, signOf(node.input(0)))] },
  {
    type: 'Erf',
    gradient: (node, [dy]) => {
      const x = node.input(0)
      return [mul(dy!, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))]
    },
  },
  {
    type: 'Softmax',
    gradient: (node, [dy]) => {
      const y = node.output()
      const weighted = mul(dy!, y)
      return [sub(weighted, mul(y, reduceSum(weighted, [node.int('axis', -1)], { keepDims: true })))]
    },
  },
  {
    type: 'LogSoftmax',
    gradient: (node, [dy]) => {
      const axis = node.int('axis', -1)
      return [sub(dy!, mul(softmax(node.input(0), axis), reduceSum(dy!, [axis], { keepDims: true })))]
    },
    // ONNX Runtime's WebGPU has Softmax only.
    lowerOn: ['webgpu'],
    lower: (node) => {
      const [x, axis] = [node.input(0), node.int('axis', -1)]
      const shifted = sub(x, reduceMax(x, [axis], { keepDims: true }))
      return [sub(shifted, log(reduceSum(exp(shifted), [axis], { keepDims: true })))]
    },
  },
]

function reluGrad(dy: Value, y: Value): Value {
  return dy.graph.add('onnx-finetune.ReluGrad', [dy, y], {}, [dy]).output()
}

/** Sign by comparisons, for every device. */
function signOf(x: Value): Value {
  return sub(step(x), step(neg(x)))
}
