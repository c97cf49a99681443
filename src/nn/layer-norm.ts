import { ArgumentError, ShapeError } from '../core/errors.ts'
import { formatShape, sameShape, type Shape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { layerNorm } from '../ops/layer-norm.ts'
import { checkCount, checkEps } from './check-options.ts'
import { constant } from './init.ts'
import { Module } from './module.ts'
import type { Parameter } from './parameter.ts'

/** Options of {@link LayerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance. Default: 1e-5. */
  readonly eps?: number | undefined
  /** Whether there are a weight and a bias. Default: true. */
  readonly elementwiseAffine?: boolean | undefined
  /** Whether there is a bias beside the weight. Default: true. */
  readonly bias?: boolean | undefined
}

/**
 * Normalises each sample over its last dimensions, which are `normalizedShape`.
 *
 * @throws {@link ArgumentError} for sizes that are no whole numbers ≥ 1.
 * @see https://pytorch.org/docs/stable/generated/torch.nn.LayerNorm.html
 */
export class LayerNorm extends Module {
  static override readonly name: string = 'LayerNorm'

  /** In the normalised shape. */
  readonly weight?: Parameter
  /** In the normalised shape. */
  readonly bias?: Parameter
  readonly normalizedShape: Shape
  readonly eps: number

  constructor(normalizedShape: number | Shape, options: LayerNormOptions = {}) {
    super()
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape]
    if (this.normalizedShape.length === 0)
      throw new ArgumentError('LayerNorm: normalizedShape has no dimension')
    for (const size of this.normalizedShape) checkCount('LayerNorm', 'normalizedShape', size)
    checkEps('LayerNorm', eps)
    this.eps = eps
    if (elementwiseAffine) this.weight = constant(this.normalizedShape, 1)
    if (elementwiseAffine && bias) this.bias = constant(this.normalizedShape, 0)
  }

  forward(x: Value): Value {
    const last = x.shape.slice(-this.normalizedShape.length)
    if (x.rank <= this.normalizedShape.length || !sameShape(last, this.normalizedShape)) {
      throw new ShapeError(
        `LayerNorm normalises the last dimensions ${formatShape(this.normalizedShape)}, but its input is ${x.toString()}`,
      )
    }
    const weight = this.weight
      ? this.parameter(x, this.weight)
      : x.graph.constant(Tensor.full(this.normalizedShape, 1))
    return layerNorm(x, weight, this.bias && this.parameter(x, this.bias), { eps: this.eps })
  }
}
