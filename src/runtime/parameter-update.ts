import { ArgumentError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { Parameter } from '../nn/parameter.ts'
import type { TracedParameter } from '../nn/trace.ts'
import { reshape } from '../ops/reshape.ts'
import type { ActiveGroup, Optimizer } from '../optim/optimizer.ts'
import type { ZeroTensor } from './engine.ts'
import type { Device } from './providers.ts'

/** A parameter that the optimizer changes, and the group whose hyperparameters it has. */
export interface Trained extends TracedParameter {
  readonly group: ActiveGroup<never>
  readonly groupIndex: number
}

/** Trainable parameters with their group. */
export function groupOf(optimizer: Optimizer): Map<object, Pick<Trained, 'group' | 'groupIndex'>> {
  return new Map(
    optimizer.paramGroups.flatMap((group, groupIndex) =>
      group.params
        .filter(({ requiresGrad }) => requiresGrad)
        .map(
          (parameter) =>
            [parameter as object, { group: group as unknown as ActiveGroup<never>, groupIndex }] as const,
        ),
    ),
  )
}

/** What the updates of all parameters are gathered in. */
export interface UpdateBuild {
  readonly optimizer: Optimizer
  readonly graph: Graph
  readonly device: Device
  readonly updates: Map<string, Value>
  /** The optimizer's state by its names. */
  readonly initial: Map<string, () => Tensor | ZeroTensor>
  readonly hypers: Map<string, { entry: Trained; name: string }>
  /** The hyperparameters in the ranks that they were needed in. */
  readonly ones: Map<string, Value>
}

/** Adds the optimizer's update of one parameter to the graph; hyperparameters and slots become inputs. */
export function updateParameter(
  entry: Trained,
  gradient: Value,
  { optimizer, graph, device, updates, initial, hypers, ones }: UpdateBuild,
): void {
  const { parameter, name, value, group, groupIndex } = entry
  const result = optimizer.update(value, gradient, group, {
    hyper: (hyper) => {
      const key = `group${groupIndex}:${hyper}`
      hypers.set(key, hypers.get(key) ?? { entry, name: hyper })
      const scalar = graph.inputs.find((input) => input.name === key) ?? graph.input(key, 'float32', [])
      return device === 'webgpu' ? scalar : ofRank(scalar, value.rank, ones)
    },
    state: (slot) => {
      const key = `${slot}:${name}`
      initial.set(
        key,
        () => optimizer.state.get(parameter)?.[slot] ?? { dtype: 'float32', shape: parameter.shape },
      )
      return graph.inputs.find((input) => input.name === key) ?? graph.input(key, 'float32', parameter.shape)
    },
  })
  updates.set(name, result.parameter)
  for (const [slot, next] of Object.entries(result.state)) updates.set(`${slot}:${name}`, next)
}

/**
 * On processors ONNX Runtime multiplies `[O, I, 1, 1]` by a scalar of fewer dimensions element by element, ten times as slowly.
 * On WebGPU it is the other way round: a scalar of some dimensions is indexed, for seven times as long.
 */
function ofRank(scalar: Value, rank: number, ones: Map<string, Value>): Value {
  const key = `${scalar.name}|${rank}`
  const shaped = ones.get(key) ?? reshape(scalar, Array<number>(rank).fill(1))
  ones.set(key, shaped)
  return shaped
}

/** The hyperparameter `name` of the step that comes after the next `ahead` ones. */
export function scalarOf(
  optimizer: Optimizer,
  { parameter, group }: Trained,
  name: string,
  ahead: number,
): Tensor {
  const value = optimizer.hyperparameters(group, optimizer.steps(parameter) + ahead)[name]
  if (value === undefined)
    throw new ArgumentError(`the optimizer asked for ${name}, but hyperparameters() doesn't give it`)
  return Tensor.from(value)
}

/** The parameter and slot that a resident tensor's name stands for. */
export function slotOf(name: string, trained: readonly Trained[]): { parameter: Parameter; slot: string } {
  const [slot, ...rest] = name.split(':')
  return { slot: slot!, parameter: trained.find((entry) => entry.name === rest.join(':'))!.parameter }
}
