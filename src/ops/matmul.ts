import { GraphError } from '../core/errors.ts'
import { broadcastShapes } from '../core/shape.ts'
import type { Dim, Node, Value } from '../graph/graph.ts'
import { sumTo } from './broadcast.ts'
import { like } from './constants.ts'
import { emit, reshapeBy, transposeLast } from './conv-emit.ts'
import type { OpDefinition } from './registry.ts'

/**
 * Product of matrices, `[…, M, K] · […, K, P]` → `[…, M, P]`; leading dimensions broadcast.
 *
 * @throws {@link GraphError} if the inner sizes differ, or one has fewer than two dimensions.
 * @see https://onnx.ai/onnx/operators/onnx__MatMul.html
 */
export function matMul(a: Value, b: Value): Value {
  if (a.rank < 2 || b.rank < 2 || a.shape.at(-1) !== b.shape.at(-2)) {
    throw new GraphError(`matMul of ${a.toString()} and ${b.toString()}: expected […, M, K] and […, K, P]`)
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return emit('MatMul', [a, b], [...batch, a.shape.at(-2)!, b.shape.at(-1)!])
}

/** Options of {@link gemm}. */
export interface GemmOptions {
  /** Factor of the product. Default: 1. */
  readonly alpha?: number | undefined
  /** Factor of `c`. Default: 1. */
  readonly beta?: number | undefined
  readonly transA?: boolean | undefined
  readonly transB?: boolean | undefined
}

/** α · a · b + β · c for matrices, each of `a` and `b` transposed if asked. @see https://onnx.ai/onnx/operators/onnx__Gemm.html */
export function gemm(a: Value, b: Value, c?: Value, options: GemmOptions = {}): Value {
  const { alpha = 1, beta = 1, transA = false, transB = false } = options
  const [rows, inner] = transA ? [...a.shape].reverse() : a.shape
  const [innerB, columns] = transB ? [...b.shape].reverse() : b.shape
  if (a.rank !== 2 || b.rank !== 2 || inner !== innerB) {
    throw new GraphError(
      `gemm of ${a.toString()}${transA ? ' transposed' : ''} and ${b.toString()}${transB ? ' transposed' : ''}: the inner sizes differ`,
    )
  }
  const attributes = {
    alpha: { float: alpha },
    beta: { float: beta },
    transA: { int: Number(transA) },
    transB: { int: Number(transB) },
  }
  return emit('Gemm', c ? [a, b, c] : [a, b], [rows!, columns!], attributes)
}

/**
 * x · wᵀ + bias over the last dimension of `x` `[…, in]`, with `w` `[out, in]` and `bias` `[out]`.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export function linear(x: Value, w: Value, bias?: Value): Value {
  if (x.rank === 2) return gemm(x, w, bias, { transB: true })
  const y = matMul(x, transposeLast(w))
  return bias ? emit('Add', [y, bias], y.shape) : y
}

function matMulGradient(
  node: Node,
  [dy]: readonly (Value | undefined)[],
  needs: readonly boolean[],
): (Value | undefined)[] {
  const [a, b] = [node.input(0), node.input(1)]
  return [
    needs[0] ? sumTo(matMul(dy!, transposeLast(b)), a.shape) : undefined,
    needs[1]
      ? b.rank === 2 && a.rank > 2
        ? flatGradient(a, dy!)
        : sumTo(matMul(transposeLast(a), dy!), b.shape)
      : undefined,
  ]
}

/** aᵀ · dy with all leading dimensions as rows: one product, where a batched one would need a sum after it. */
function flatGradient(a: Value, dy: Value): Value {
  const flat = (x: Value): Value => reshapeBy(x, [-1, x.dim(-1)], ['rows', x.dim(-1)])
  return gemm(flat(a), flat(dy), undefined, { transA: true })
}

function gemmGradient(
  node: Node,
  [dy]: readonly (Value | undefined)[],
  needs: readonly boolean[],
): (Value | undefined)[] {
  const [a, b] = [node.input(0), node.input(1)]
  const [transA, transB] = [node.int('transA', 0) === 1, node.int('transB', 0) === 1]
  const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)]
  const ofA = (): Value =>
    transA
      ? gemm(b, dy!, undefined, { alpha, transA: transB, transB: true })
      : gemm(dy!, b, undefined, { alpha, transB: !transB })
  const ofB = (): Value =>
    transB
      ? gemm(dy!, a, undefined, { alpha, transA: true, transB: transA })
      : gemm(a, dy!, undefined, { alpha, transA: !transA })
  return [
    needs[0] ? ofA() : undefined,
    needs[1] ? ofB() : undefined,
    needs[2] ? scaled(sumTo(dy!, node.input(2).shape), beta) : undefined,
  ]
}

function scaled(x: Value, factor: number): Value {
  const shape: readonly Dim[] = x.shape
  return factor === 1 ? x : emit('Mul', [x, like(x, factor)], shape)
}

/** Definitions of the products of matrices. */
export const matmulOps: OpDefinition[] = [
  { type: 'MatMul', gradient: matMulGradient },
  { type: 'Gemm', gradient: gemmGradient },
]
