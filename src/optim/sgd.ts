import { ArgumentError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import { add, mul, sub } from '../ops/elementwise.ts'
import {
  checkRange,
  Optimizer,
  type ActiveGroup,
  type Params,
  type Update,
  type UpdateContext,
} from './optimizer.ts'

/** Options of {@link SGD}. */
export interface SGDOptions {
  /** Learning rate. */
  lr: number
  /** Default: 0. */
  momentum?: number
  /** Share of the gradient kept out of the momentum buffer, from the second step on. Default: 0. */
  dampening?: number
  /** Default: false. Needs a momentum and no dampening. */
  nesterov?: boolean
  /** L2 penalty. Default: 0. */
  weightDecay?: number
}

const slot = 'momentum_buffer'

/**
 * Stochastic gradient descent.
 *
 * @throws {@link ArgumentError} for options out of range, or nothing trainable.
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.SGD.html
 */
export class SGD extends Optimizer<SGDOptions> {
  static override readonly name: string = 'SGD'

  constructor(params: Params<SGDOptions>, options: SGDOptions) {
    super(params, { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0, ...options })
    this.paramGroups.forEach(check)
  }

  slots({ momentum }: ActiveGroup<SGDOptions>): readonly string[] {
    return momentum === 0 ? [] : [slot]
  }

  structure({ momentum, dampening, nesterov, weightDecay }: ActiveGroup<SGDOptions>): string {
    return [momentum !== 0, dampening !== 0, nesterov, weightDecay !== 0].join()
  }

  /** g += λp; b = μb + (1 − τ)g; p −= lr · (nesterov ? g + μb : b). */
  update(
    parameter: Value,
    gradient: Value,
    group: ActiveGroup<SGDOptions>,
    { hyper, state }: UpdateContext,
  ): Update {
    const { momentum, dampening, nesterov, weightDecay } = group
    const g = weightDecay === 0 ? gradient : add(gradient, mul(parameter, hyper('weightDecay')))
    const descend = (direction: Value): Value => sub(parameter, mul(direction, hyper('lr')))
    if (momentum === 0) return { parameter: descend(g), state: {} }
    const kept = dampening === 0 ? g : mul(g, hyper('keep'))
    const buffer = add(mul(state(slot), hyper('momentum')), kept)
    const direction = nesterov ? add(g, mul(buffer, hyper('momentum'))) : buffer
    return { parameter: descend(direction), state: { [slot]: buffer } }
  }

  // PyTorch's first momentum buffer is the gradient itself: zeros and no dampening give the same.
  hyperparameters({ lr, momentum, dampening, weightDecay }: ActiveGroup<SGDOptions>, steps: number) {
    return { lr, momentum, weightDecay, keep: steps === 0 ? 1 : 1 - dampening }
  }
}

function check({ lr, momentum, dampening, nesterov, weightDecay }: ActiveGroup<SGDOptions>): void {
  checkRange('lr', lr, 0)
  checkRange('momentum', momentum, 0)
  checkRange('weightDecay', weightDecay, 0)
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new ArgumentError(
      `nesterov needs a momentum above 0 and a dampening of 0, but they are ${momentum} and ${dampening}`,
    )
  }
}
