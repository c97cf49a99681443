import { ArgumentError, StateDictError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'

/**
 * Optimizers: the update rule is a piece of graph, hyperparameters are scalars fed at every step (so a
 * scheduler never builds a new session), and the state of each parameter is a few tensors in named slots.
 */

/** What an optimizer needs of an `nn.Parameter`. */
export interface OptimizedParameter {
  tensor: Tensor
  requiresGrad: boolean
}

/** Parameters that share hyperparameters; those given here override the optimizer's own. */
export type ParamGroup<Options> = Partial<Options> & { readonly params: Iterable<OptimizedParameter> }

/** What an optimizer takes: parameters, or groups of them. */
export type Params<Options> = Iterable<OptimizedParameter> | readonly ParamGroup<Options>[]

/** A group in use. Everything but `params` may be changed between steps; schedulers do. */
export type ActiveGroup<Options> = Required<Options> & {
  readonly params: readonly OptimizedParameter[]
  /** The learning rate that schedulers start from. */
  initialLr?: number
}

/** What an update rule can ask for while it adds its nodes. */
export interface UpdateContext {
  /** A float32 number, shaped `[1, …]` in the parameter's rank, of its group: fed at every step from `hyperparameters()`. */
  readonly hyper: (name: string) => Value
  /** The state tensor of a slot before this step, in the parameter's shape. */
  readonly state: (slot: string) => Value
}

/** The next parameter, and the next state by slot. */
export interface Update {
  readonly parameter: Value
  readonly state: Readonly<Record<string, Value>>
}

/** An optimizer's state as PyTorch structures it; parameters are numbered in the order of the groups. */
export interface OptimizerStateDict {
  readonly state: Readonly<
    Record<string, { readonly step: number; readonly [slot: string]: Tensor | number }>
  >
  readonly paramGroups: readonly Readonly<Record<string, unknown>>[]
}

/** Hyperparameters that every optimizer has. */
export interface OptimizerOptions {
  /** Learning rate. */
  readonly lr: number
}

/** The base of all optimizers. Derive from it to add one: name the slots, the scalars and the rule. */
export abstract class Optimizer<Options extends OptimizerOptions = OptimizerOptions> {
  readonly paramGroups: ActiveGroup<Options>[]
  /** State tensors by parameter and slot, as of the last `session.pull()`. A missing entry is all zeros. */
  readonly state = new Map<OptimizedParameter, Record<string, Tensor>>()
  readonly #steps = new Map<OptimizedParameter, number>()

  /**
   * @param params - Parameters, or groups with hyperparameters of their own. Frozen ones are skipped.
   * @throws {@link ArgumentError} if there is nothing to train, or a parameter is there twice.
   */
  constructor(params: Params<Options>, defaults: Required<Options>) {
    const given = [...(params as Iterable<OptimizedParameter | ParamGroup<Options>>)]
    const groups = given.every((item) => 'params' in item)
      ? given
      : [{ params: given as OptimizedParameter[] }]
    this.paramGroups = groups.map((group) => ({ ...defaults, ...group, params: [...group.params] }))
    this.#checkParameters()
  }

  /** Names of the state tensors that each parameter of `group` has: PyTorch's names. */
  abstract slots(group: ActiveGroup<Options>): readonly string[]

  /** Adds one parameter's update to the graph. Options that only switch nodes on or off are read from `group` now. */
  abstract update(
    parameter: Value,
    gradient: Value,
    group: ActiveGroup<Options>,
    context: UpdateContext,
  ): Update

  /** The scalars of the step that follows `steps` finished ones, by the names that `update` asks for. */
  abstract hyperparameters(group: ActiveGroup<Options>, steps: number): Readonly<Record<string, number>>

  /** A text that changes when `update` would build other nodes: a session is rebuilt only then. */
  abstract structure(group: ActiveGroup<Options>): string

  /** Steps that `parameter` has made. */
  steps(parameter: OptimizedParameter): number {
    return this.#steps.get(parameter) ?? 0
  }

  /** Notes that every trainable parameter made a step. The training session calls it. */
  countStep(): void {
    for (const { params } of this.paramGroups) {
      for (const parameter of params) {
        if (parameter.requiresGrad) this.#steps.set(parameter, this.steps(parameter) + 1)
      }
    }
  }

  /** State and hyperparameters, to be saved. Call `session.pull()` first. */
  stateDict(): OptimizerStateDict {
    return this.stateDictWith((parameter) => cloned(this.state.get(parameter) ?? {}))
  }

  /**
   * The state dict with these state tensors in place of those that were pulled last; they aren't copied.
   *
   * @internal
   */
  stateDictWith(
    slotsOf: (parameter: OptimizedParameter) => Readonly<Record<string, Tensor>>,
  ): OptimizerStateDict {
    const all = this.paramGroups.flatMap(({ params }) => params)
    const entries = all.flatMap((parameter, index) => {
      const steps = this.steps(parameter)
      return steps === 0 ? [] : [[String(index), { step: steps, ...slotsOf(parameter) }] as const]
    })
    let index = 0
    const paramGroups = this.paramGroups.map((group) => ({
      ...group,
      params: group.params.map(() => index++),
    }))
    return { state: Object.fromEntries(entries), paramGroups }
  }

  /**
   * Continues from a saved state. Call `session.push()` afterwards.
   *
   * @throws {@link StateDictError} if groups, their sizes or a tensor's shape differ.
   */
  loadStateDict({ state, paramGroups }: OptimizerStateDict): void {
    const entries = Object.entries(state).map(([key, entry]) => [key, cloned(entry)] as const)
    this.takeStateDict({ state: Object.fromEntries(entries), paramGroups })
  }

  /**
   * {@link loadStateDict} with the tensors themselves, not copies.
   *
   * @internal
   */
  takeStateDict({ state, paramGroups }: OptimizerStateDict): void {
    const sizes = this.paramGroups.map(({ params }) => params.length)
    const saved = paramGroups.map(({ params }) => (params as unknown[]).length)
    if (sizes.join() !== saved.join()) {
      throw new StateDictError(
        `the saved optimizer has groups of ${saved.join(', ')} parameters, this one of ${sizes.join(', ')}: build it with the same groups`,
      )
    }
    const all = this.paramGroups.flatMap(({ params }) => params)
    const loaded = Object.entries(state).map(([key, entry]) => readEntry(all[Number(key)], key, entry))
    this.paramGroups.forEach((group, index) =>
      Object.assign(group, { ...paramGroups[index], params: group.params }),
    )
    this.state.clear()
    this.#steps.clear()
    for (const { parameter, step, slots } of loaded) {
      this.state.set(parameter, slots)
      this.#steps.set(parameter, step)
    }
  }

  #checkParameters(): void {
    const all = this.paramGroups.flatMap(({ params }) => params)
    if (new Set(all).size !== all.length) {
      throw new ArgumentError('a parameter is in the optimizer twice: give each parameter to one group only')
    }
    if (!all.some(({ requiresGrad }) => requiresGrad)) {
      throw new ArgumentError(
        `the optimizer got ${all.length} parameters and none is trainable: set requiresGrad = true on some, or replace the head after freezing`,
      )
    }
  }
}

/** Throws {@link ArgumentError} unless `value` is a finite number in [low, high). */
export function checkRange(name: string, value: number, low: number, high = Infinity): void {
  if (!(Number.isFinite(value) && value >= low && value < high)) {
    throw new ArgumentError(
      `${name} is ${value}, but must be a finite number ≥ ${low}${high === Infinity ? '' : ` and < ${high}`}`,
    )
  }
}

function cloned<Slots extends Readonly<Record<string, Tensor | number>>>(slots: Slots): Slots {
  const copies = Object.entries(slots).map(([slot, value]) => [
    slot,
    value instanceof Tensor ? value.clone() : value,
  ])
  return Object.fromEntries(copies) as Slots
}

function readEntry(
  parameter: OptimizedParameter | undefined,
  key: string,
  { step, ...rest }: OptimizerStateDict['state'][string],
): { parameter: OptimizedParameter; step: number; slots: Record<string, Tensor> } {
  if (!parameter)
    throw new StateDictError(`the saved state has a parameter ${key} that the optimizer lacks`, [], [key])
  const slots: Record<string, Tensor> = {}
  for (const [slot, value] of Object.entries(rest)) {
    if (!(value instanceof Tensor) || !sameShape(value.shape, parameter.tensor.shape)) {
      const shape = value instanceof Tensor ? formatShape(value.shape) : String(value)
      throw new StateDictError(
        `${slot} of parameter ${key} is ${shape}, but the parameter is ${formatShape(parameter.tensor.shape)}`,
        [],
        [],
        [key],
      )
    }
    slots[slot] = value
  }
  return { parameter, step, slots }
}
