import { GraphError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Node, Value } from '../graph/graph.ts'
import { channelCount, channelSums } from './channel-sums.ts'
import { emit, reshapeBy, sumPerChannel } from './conv-emit.ts'
import { like } from './constants.ts'
import type { LoweringTarget, OpDefinition } from './registry.ts'

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number | undefined
}

/** What a batch normalisation with the batch's own statistics gives. */
export interface BatchNormResult {
  readonly y: Value
  /** `[C]`. */
  readonly mean: Value
  /** `[C]`, biased: divided by the count. PyTorch's running variance takes the unbiased one. */
  readonly variance: Value
}

/**
 * Batch normalisation of `x` `[N, C, …]` with the statistics of the batch.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.BatchNorm2d.html
 */
export function batchNormTraining(
  x: Value,
  scale: Value,
  bias: Value,
  options: BatchNormOptions = {},
): BatchNormResult {
  checkChannels(x, scale, bias)
  const channels = { dtype: x.dtype, shape: [x.dim(1)] }
  const attributes = { epsilon: { float: options.eps ?? 1e-5 } }
  const node = x.graph.add('onnx-finetune.BatchNormTraining', [x, scale, bias], attributes, [
    x,
    channels,
    channels,
    x,
    channels,
  ])
  return { y: node.output(0), mean: node.output(1), variance: node.output(2) }
}

/**
 * Batch normalisation with given statistics, as in evaluation.
 *
 * @see https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
 */
export function batchNormInference(
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  options: BatchNormOptions = {},
): Value {
  checkChannels(x, scale, bias, mean, variance)
  return normalize(x, scale, bias, mean, variance, options.eps ?? 1e-5)
}

/** {@link batchNormTraining} or {@link batchNormInference}, chosen by `training`; the latter gives the running statistics back. */
export function batchNorm(
  x: Value,
  scale: Value,
  bias: Value,
  options: BatchNormOptions & {
    readonly training: boolean
    readonly runningMean: Value
    readonly runningVar: Value
  },
): BatchNormResult {
  if (options.training) return batchNormTraining(x, scale, bias, options)
  const { runningMean: mean, runningVar: variance } = options
  return { y: batchNormInference(x, scale, bias, mean, variance, options), mean, variance }
}

function checkChannels(x: Value, ...values: Value[]): void {
  const wrong = values.find((value) => value.rank !== 1 || value.dim(0) !== x.dim(1))
  if (wrong)
    throw new GraphError(
      `batchNorm of ${x.toString()} got ${wrong.toString()}: expected one number a channel, [${x.dim(1)}]`,
    )
}

function normalize(
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  epsilon: number,
): Value {
  return emit('BatchNormalization', [x, scale, bias, mean, variance], x.shape, {
    epsilon: { float: epsilon },
  })
}

const filled = (x: Value, value: number): Value => x.graph.constant(Tensor.full([x.dim(1)], value, x.dtype))

/** `[C]` → `[C, 1, …]`, which broadcasts over the batch and positions of `x`. */
function asChannels(value: Value, x: Value): Value {
  const shape = [x.dim(1), ...x.shape.slice(2).map(() => 1)]
  return reshapeBy(value, shape, shape)
}

const times = (a: Value, b: Value): Value => emit('Mul', [a, b], a.shape)

/**
 * Centred first: E[x²] − mean² loses all digits where the mean is much larger than the deviation. The mean itself is
 * rounded too, so that the centred values xc still have a small mean r, which is taken off by the channel: the mean is
 * rough + r, the variance E[xc²] − r². xc and r are outputs (the last two), since the gradient needs them.
 */
function lowerTraining(node: Node, target: LoweringTarget): Value[] {
  const [x, scale, bias] = [node.input(0), node.input(1), node.input(2)]
  const over = channelSums(target)
  const rough = over.mean(x)
  const centred = emit('Sub', [x, asChannels(rough, x)], x.shape)
  const offset = over.mean(centred)
  const mean = emit('Add', [rough, offset], rough.shape)
  const squares = over.mean(centred, centred)
  const variance = emit('Sub', [squares, times(offset, offset)], squares.shape)
  const y = normalize(centred, scale, bias, offset, variance, node.float('epsilon', 1e-5))
  return [y, mean, variance, centred, offset]
}

/**
 * With xc = x − mean, s = 1 / √(variance + ε) and means over the M values of a channel:
 * dx = γs · (dy − mean(dy) − xc · s² · mean(dy · xc)), so one number a channel for each of dy, xc and 1.
 */
function lowerGradient(node: Node, target: LoweringTarget): Value[] {
  const [dy, centred, scale, variance] = [node.input(0), node.input(1), node.input(2), node.input(3)]
  const [offset, over] = [node.input(4), channelSums(target)]
  const shifted = emit('Add', [variance, like(dy, node.float('epsilon', 1e-5))], variance.shape)
  const inverse = emit('Reciprocal', [emit('Sqrt', [shifted], variance.shape)], variance.shape)
  const sums = over.sum(dy)
  const dots = emit('Sub', [over.sum(dy, centred), times(sums, offset)], sums.shape)
  const factor = times(scale, inverse)
  const count = channelCount(dy)
  const ofDy = emit('Div', [sums, count], sums.shape)
  const ofDots = times(emit('Div', [dots, count], sums.shape), times(inverse, inverse))
  const negative = emit('Neg', [factor], factor.shape)
  // BatchNormalization with variance 1 is b·(xc − r) + c in one pass.
  const rest = normalize(centred, times(negative, ofDots), times(negative, ofDy), offset, filled(dy, 1), 0)
  const dx = emit('Add', [emit('Mul', [dy, asChannels(factor, dy)], dy.shape), rest], dy.shape)
  return [dx, times(dots, inverse), sums]
}

function trainingGradient(
  node: Node,
  [dy, dMean, dVariance]: readonly (Value | undefined)[],
): (Value | undefined)[] {
  if (dMean ?? dVariance)
    throw new GraphError(
      `the statistics of ${node.toString()} carry no gradient; use them for running averages only`,
    )
  const scale = node.input(1)
  const attributes = { epsilon: { float: node.float('epsilon', 1e-5) } }
  const inputs = [dy!, node.output(3), scale, node.output(2), node.output(4)]
  return [...dy!.graph.add('onnx-finetune.BatchNormGrad', inputs, attributes, [dy!, scale, scale]).outputs]
}

/** Statistics are constants here. x̂ is made anew from centred x, for its accuracy. */
function inferenceGradient(
  node: Node,
  [dy]: readonly (Value | undefined)[],
  needs: readonly boolean[],
): (Value | undefined)[] {
  const [x, scale, mean, variance] = [node.input(0), node.input(1), node.input(3), node.input(4)]
  const epsilon = node.float('epsilon', 1e-5)
  const zero = filled(x, 0)
  const normalized = (): Value =>
    normalize(emit('Sub', [x, asChannels(mean, x)], x.shape), filled(x, 1), zero, zero, variance, epsilon)
  return [
    needs[0] ? normalize(dy!, scale, zero, zero, variance, epsilon) : undefined,
    needs[1] ? sumPerChannel(times(dy!, normalized())) : undefined,
    needs[2] ? sumPerChannel(dy!) : undefined,
    undefined,
    undefined,
  ]
}

/** `[N, C]` as `[N, C, 1, 1]`: WebGPU (1.30) is off by 160 % without positions. */
function withPositions(node: Node): Value[] {
  const [x, ...statistics] = node.inputs.map((_, index) => node.input(index))
  const [batch, channels] = [x!.shape[0]!, x!.dim(1)]
  const wide = reshapeBy(x!, [0, channels, 1, 1], [batch, channels, 1, 1])
  const y = emit(node.opType, [wide, ...statistics], wide.shape, node.attributes)
  return [reshapeBy(y, [0, channels], x!.shape)]
}

/** Definitions of batch normalisation. */
export const batchNormOps: OpDefinition[] = [
  {
    type: 'BatchNormalization',
    gradient: inferenceGradient,
    lowerOn: ['webgpu'],
    lowerWhen: (node) => node.input(0).rank === 2,
    lower: withPositions,
  },
  { type: 'onnx-finetune.BatchNormTraining', gradient: trainingGradient, lower: lowerTraining },
  { type: 'onnx-finetune.BatchNormGrad', lower: lowerGradient },
]
