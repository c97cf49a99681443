import type { Value } from '../graph/graph.ts'
import { add, div, mul, sub } from '../ops/elementwise.ts'
import {
  checkRange,
  Optimizer,
  type ActiveGroup,
  type Params,
  type Update,
  type UpdateContext,
} from './optimizer.ts'

/** Options of {@link Adam} and {@link AdamW}. */
export interface AdamOptions {
  /** Learning rate. Default: 0.001. */
  lr: number
  /** Decay of the averages of the gradient and of its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number]
  /** Added to the denominator; read when the session is built. Default: 1e-8. */
  eps?: number
  /** Adam: L2 penalty, default 0. AdamW: decoupled decay, default 0.01. */
  weightDecay?: number
  /** Divide by the largest average so far. Default: false. */
  amsgrad?: boolean
}

const defaults = { lr: 1e-3, betas: [0.9, 0.999] as const, eps: 1e-8, weightDecay: 0, amsgrad: false }

/**
 * Adam, with the weight decay as part of the gradient.
 *
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.Adam.html
 */
export class Adam extends Optimizer<AdamOptions> {
  static override readonly name: string = 'Adam'

  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, { ...defaults, ...options })
    this.paramGroups.forEach(check)
  }

  slots({ amsgrad }: ActiveGroup<AdamOptions>): readonly string[] {
    return amsgrad ? ['exp_avg', 'exp_avg_sq', 'max_exp_avg_sq'] : ['exp_avg', 'exp_avg_sq']
  }

  structure({ eps, amsgrad, weightDecay }: ActiveGroup<AdamOptions>): string {
    return [eps, amsgrad, weightDecay !== 0].join()
  }

  update(parameter: Value, gradient: Value, group: ActiveGroup<AdamOptions>, context: UpdateContext): Update {
    const penalised =
      group.weightDecay === 0 ? gradient : add(gradient, mul(parameter, context.hyper('weightDecay')))
    return moments(parameter, penalised, group, context)
  }

  /** The bias corrections are scalars of the step count: made here in float64, as PyTorch does. */
  hyperparameters({ lr, betas: [beta1, beta2], weightDecay }: ActiveGroup<AdamOptions>, steps: number) {
    return {
      beta1,
      beta2,
      rest1: 1 - beta1,
      rest2: 1 - beta2,
      stepSize: lr / (1 - beta1 ** (steps + 1)),
      rootCorrection: Math.sqrt(1 - beta2 ** (steps + 1)),
      weightDecay,
      shrink: 1 - lr * weightDecay,
    }
  }
}

/**
 * Adam with decoupled weight decay.
 *
 * @see https://pytorch.org/docs/1.13/generated/torch.optim.AdamW.html
 */
export class AdamW extends Adam {
  static override readonly name: string = 'AdamW'

  constructor(params: Params<AdamOptions>, options: Partial<AdamOptions> = {}) {
    super(params, { weightDecay: 0.01, ...options })
  }

  override update(
    parameter: Value,
    gradient: Value,
    group: ActiveGroup<AdamOptions>,
    context: UpdateContext,
  ): Update {
    const shrunk = group.weightDecay === 0 ? parameter : mul(parameter, context.hyper('shrink'))
    return moments(shrunk, gradient, group, context)
  }
}

/** m = β₁m + (1 − β₁)g; v = β₂v + (1 − β₂)g²; p −= lr/(1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε). */
function moments(
  p: Value,
  g: Value,
  { eps, amsgrad }: ActiveGroup<AdamOptions>,
  { hyper, state }: UpdateContext,
): Update {
  const m = add(mul(state('exp_avg'), hyper('beta1')), mul(g, hyper('rest1')))
  const v = add(mul(state('exp_avg_sq'), hyper('beta2')), mul(mul(g, g), hyper('rest2')))
  const largest = amsgrad ? p.graph.add('Max', [state('max_exp_avg_sq'), v], {}, [v]).output() : v
  const root = p.graph.add('Sqrt', [largest], {}, [v]).output()
  const parameter = sub(p, mul(div(m, add(div(root, hyper('rootCorrection')), eps)), hyper('stepSize')))
  return {
    parameter,
    state: { exp_avg: m, exp_avg_sq: v, ...(amsgrad ? { max_exp_avg_sq: largest } : {}) },
  }
}

function check({ lr, betas, eps, weightDecay }: ActiveGroup<AdamOptions>): void {
  checkRange('lr', lr, 0)
  checkRange('eps', eps, 0)
  checkRange('weightDecay', weightDecay, 0)
  checkRange('betas[0]', betas[0], 0, 1)
  checkRange('betas[1]', betas[1], 0, 1)
}
