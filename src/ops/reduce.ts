import type { Node, Value } from '../graph/graph.ts'
import { axesOf } from './axis.ts'
import { expandAs } from './broadcast.ts'
import { constantInts, ints } from './constants.ts'
import { cast, equal } from './compare.ts'
import { div, mul, type Operand } from './elementwise.ts'
import type { OpDefinition } from './registry.ts'
import { reshape } from './reshape.ts'

/** Options of the reductions. */
export interface ReduceOptions {
  /** Keep the reduced dimensions with size 1. Default: false, as in PyTorch. */
  readonly keepDims?: boolean
}

function reduce(
  opType: string,
  x: Value,
  axes: readonly number[] | undefined,
  { keepDims = false }: ReduceOptions,
): Value {
  const reduced = axesOf(opType, x, axes ?? x.shape.map((_, axis) => axis))
  // An empty list of axes means all of them to ONNX, and none to us.
  if (reduced.length === 0) return x
  const shape = x.shape.flatMap((size, axis) => (reduced.includes(axis) ? (keepDims ? [1] : []) : [size]))
  const attributes = { keepdims: { int: keepDims ? 1 : 0 } }
  return x.graph.add(opType, [x, ints(x.graph, reduced)], attributes, [{ dtype: x.dtype, shape }]).output()
}

/** Sum over `axes` (all, if left out). @see https://onnx.ai/onnx/operators/onnx__ReduceSum.html */
export const reduceSum = (x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value =>
  reduce('ReduceSum', x, axes, options)
/** Mean over `axes` (all, if left out). @see https://onnx.ai/onnx/operators/onnx__ReduceMean.html */
export const reduceMean = (x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value =>
  reduce('ReduceMean', x, axes, options)

/** Largest element over `axes` (all, if left out). @see https://onnx.ai/onnx/operators/onnx__ReduceMax.html */
export const reduceMax = (x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value =>
  reduce('ReduceMax', x, axes, options)

/** Number of elements that a reduction of `x` over `axes` takes together: a number, or a scalar value if symbolic. */
function countOf(x: Value, axes: readonly number[]): Operand {
  const sizes = axes.map((axis) => x.shape[axis]!)
  return sizes.reduce<Operand>((product, size) => {
    if (typeof size === 'number') return typeof product === 'number' ? product * size : mul(product, size)
    const symbol = cast(x.graph.symbol(size), x.dtype)
    return product === 1 ? symbol : mul(symbol, product)
  }, 1)
}

/** Without axes, ONNX reduces all of them, unless told otherwise. */
function reducedAxes(node: Node): number[] {
  const x = node.input(0)
  const axes = node.inputs[1] ? constantInts(node, 1) : []
  if (axes.length > 0) return axesOf(node.opType, x, axes)
  return node.int('noop_with_empty_axes', 0) === 1 ? [] : x.shape.map((_, axis) => axis)
}

/** The gradient with the reduced dimensions as size 1, so that it broadcasts against the input. */
function keepDims(node: Node, dy: Value): Value {
  const axes = reducedAxes(node)
  return reshape(
    dy,
    node.input(0).shape.map((size, axis) => (axes.includes(axis) ? 1 : size)),
  )
}

/** Definitions of the reductions. */
export const reduceOps: OpDefinition[] = [
  {
    type: 'ReduceSum',
    gradient: (node, [dy]) => [expandAs(keepDims(node, dy!), node.input(0))],
  },
  {
    type: 'ReduceMean',
    gradient: (node, [dy]) => {
      const share = div(keepDims(node, dy!), countOf(node.input(0), reducedAxes(node)))
      return [expandAs(share, node.input(0))]
    },
  },
  {
    // Equal maxima share the gradient evenly, as torch.amax.
    type: 'ReduceMax',
    gradient: (node, [dy]) => {
      const x = node.input(0)
      const axes = reducedAxes(node)
      const hit = cast(equal(x, keepDims(node, node.output())), x.dtype)
      const hits = reduceSum(hit, axes, { keepDims: true })
      return [mul(hit, div(keepDims(node, dy!), hits))]
    },
  },
]
