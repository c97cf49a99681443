import { Tensor } from '../core/tensor.ts'
import type { Module } from '../nn/module.ts'
import type { OptimizedParameter, Optimizer, OptimizerStateDict } from '../optim/optimizer.ts'

/** A session's model and optimizer at one moment. */
export interface SessionState {
  /** Parameters and buffers by qualified name; shared ones once. */
  readonly model: ReadonlyMap<string, Tensor>
  readonly optimizer?: OptimizerStateDict | undefined
}

/**
 * What module and optimizer would be after a pull, without changing them. Nothing is copied: what isn't among `pulled`
 * is the module's own tensor.
 *
 * @param pulled - The engine's tensors: parameters and buffers by name, optimizer state by `slot:name`.
 * @param steps - Training steps since module and engine were the same.
 */
export function stateOf(
  module: Module,
  optimizer: Optimizer | undefined,
  pulled: ReadonlyMap<string, Tensor>,
  steps: number,
): SessionState {
  const parameters = [...module.namedParameters()]
  const names = new Map<OptimizedParameter, string>(parameters.map(([name, parameter]) => [parameter, name]))
  const model = new Map([...parameters, ...module.namedBuffers()].map(([name, { tensor }]) => [name, tensor]))
  for (const [name, tensor] of model)
    model.set(name, pulled.get(name) ?? counted(name, tensor, pulled, steps))
  const slots = optimizer?.paramGroups.flatMap((group) =>
    group.params.map((parameter) => {
      const known = optimizer.state.get(parameter)
      const now = optimizer.slots(group).flatMap((slot): [string, Tensor][] => {
        const tensor = pulled.get(`${slot}:${names.get(parameter) ?? ''}`) ?? known?.[slot]
        return tensor ? [[slot, tensor]] : []
      })
      return [parameter, Object.fromEntries(now)] as const
    }),
  )
  const slotsOf = new Map(slots)
  return { model, optimizer: optimizer?.stateDictWith((parameter) => slotsOf.get(parameter) ?? {}) }
}

/** The device doesn't count BatchNorm's batches: they are the steps in which its statistics moved. */
function counted(name: string, tensor: Tensor, pulled: ReadonlyMap<string, Tensor>, steps: number): Tensor {
  const isCounter = name.endsWith('num_batches_tracked')
  if (!isCounter || !pulled.has(name.replace(/num_batches_tracked$/, 'running_mean'))) return tensor
  return Tensor.full([], Number(tensor.data[0]) + steps, 'int64')
}
