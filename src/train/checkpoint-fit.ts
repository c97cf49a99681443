import { ArgumentError, StateDictError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'
import type { Module } from '../nn/module.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import type {
  CheckpointContent,
  DataDescription,
  ReadCheckpoint,
  RunDescription,
} from './checkpoint-content.ts'

/**
 * Compares a checkpoint with the run that is to go on from it.
 *
 * @throws {@link StateDictError} where the model is another one, {@link ArgumentError} where optimizer, scheduler or data
 * are; the message names what differs.
 */
export function checkFit(
  checkpoint: ReadCheckpoint,
  model: Module,
  optimizer: Optimizer,
  own: RunDescription,
): void {
  const keys = modelKeys(checkpoint, model)
  const found = [
    ...keys.map(({ text }) => text),
    ...frozenDifferences(checkpoint.run.frozen, own.frozen),
    ...differ('optimizer', checkpoint.run.optimizer, own.optimizer),
    ...optimizerDifferences(checkpoint.optimizer, optimizer),
    ...differ('scheduler', checkpoint.run.scheduler, own.scheduler),
    ...dataDifferences(checkpoint, own.data),
  ]
  if (found.length === 0) return
  const more = found.length > mostListed ? ` and ${found.length - mostListed} more` : ''
  const message =
    `can't resume from ${checkpoint.source}: it was made by another run; ${found.slice(0, mostListed).join('; ')}${more}. ` +
    'Give model, optimizer, scheduler and data as they were then, or start anew in another directory.'
  if (keys.length === 0) throw new ArgumentError(message)
  const named = (kind: string) => keys.filter((key) => key.kind === kind).map(({ name }) => name)
  throw new StateDictError(message, named('missing'), named('unexpected'), named('mismatched'))
}

const mostListed = 10

interface KeyDifference {
  readonly name: string
  readonly kind: 'missing' | 'unexpected' | 'mismatched'
  readonly text: string
}

function modelKeys({ model, best }: CheckpointContent, module: Module): KeyDifference[] {
  const own = new Map(statesOf(module))
  const saved = new Map([...model, ...(best ?? [])])
  const unexpected = [...saved.keys()].filter((name) => !own.has(name))
  return [
    ...[...own].flatMap(([name, state]): KeyDifference[] => {
      const tensors = [model.get(name), ...(best ? [best.get(name)] : [])]
      if (tensors.includes(undefined))
        return [{ name, kind: 'missing', text: `${name} is missing in the checkpoint` }]
      const other = tensors.find((tensor) => !isAlike(tensor!, state))
      const text = other && `${name} is ${typeOf(other)} in the checkpoint, ${typeOf(state)} in the model`
      return text === undefined ? [] : [{ name, kind: 'mismatched', text }]
    }),
    ...unexpected.map((name): KeyDifference => {
      return { name, kind: 'unexpected', text: `${name} is missing in the model` }
    }),
  ]
}

function frozenDifferences(saved: readonly string[], own: readonly string[]): string[] {
  const others = [
    ...saved.filter((name) => !own.includes(name)).map((name) => `${name} was frozen and is trained now`),
    ...own.filter((name) => !saved.includes(name)).map((name) => `${name} was trained and is frozen now`),
  ]
  const [first] = others
  return first === undefined
    ? []
    : [others.length === 1 ? first : `${first}, like ${others.length - 1} others`]
}

function optimizerDifferences(
  { paramGroups, state }: CheckpointContent['optimizer'],
  optimizer: Optimizer,
): string[] {
  const own = optimizer.stateDictWith(() => ({})).paramGroups
  const sizes = (groups: typeof paramGroups) =>
    groups.map(({ params }) => (params as unknown[]).length).join(', ')
  const inGroups = differ('parameters in the groups', sizes(paramGroups), sizes(own))
  if (inGroups.length > 0) return inGroups
  const all = optimizer.paramGroups.flatMap(({ params }) => params)
  return [
    ...paramGroups.flatMap((group, index) =>
      differ(`options of group ${index}`, optionsOf(group), optionsOf(own[index]!)),
    ),
    ...Object.entries(state).flatMap(([key, entry]) => {
      const parameter = all[Number(key)]
      if (!parameter) return [`the optimizer has no parameter ${key}`]
      return Object.entries(entry)
        .filter((slot): slot is [string, Tensor] => typeof slot[1] !== 'number')
        .filter(([, tensor]) => !isAlike(tensor, parameter.tensor))
        .map(
          ([slot, tensor]) =>
            `${slot} ${key} is ${typeOf(tensor)}, the parameter ${typeOf(parameter.tensor)}`,
        )
    }),
  ]
}

/** Names and kinds of what a group can be set to. A scheduler notes `initialLr`. */
function optionsOf(group: Readonly<Record<string, unknown>>): string {
  return Object.entries(group)
    .filter(([key, value]) => !['params', 'initialLr'].includes(key) && value !== undefined)
    .map(([key, value]) => `${key} (${Array.isArray(value) ? 'list' : typeof value})`)
    .sort()
    .join(', ')
}

function dataDifferences({ run, loop }: CheckpointContent, own: RunDescription['data']): string[] {
  const phases = new Set([...Object.keys(run.data), ...Object.keys(own)])
  const lost = [...phases, 'dropout'].filter((name) => run.data[name] && !loop.generators[name])
  return [
    ...(loop.generators.dropout ? [] : ["Dropout's generator is missing"]),
    ...lost.map((name) => `the ${name} loader's generator is missing`),
    ...[...phases].flatMap((phase) => {
      const [saved, now] = [run.data[phase], own[phase]]
      if (!saved || !now)
        return [
          `a ${phase} loader was ${saved ? 'there and is' : 'not there and is'} ${now ? 'now' : 'missing now'}`,
        ]
      const keys = Object.keys({ ...saved, ...now }) as (keyof DataDescription)[]
      return keys.flatMap((key) => differ(`${key} of the ${phase} loader`, saved[key], now[key]))
    }),
  ]
}

function differ(what: string, saved: Comparable, own: Comparable): string[] {
  const [before, now] = [saved, own].map((value) => (value === undefined ? 'none' : String(value)))
  return before === now ? [] : [`${what}: ${before!} in the checkpoint, ${now!} now`]
}

const statesOf = (model: Module) => [...model.namedParameters(), ...model.namedBuffers()]

type Comparable = string | number | boolean | readonly string[] | undefined
type Typed = Pick<Tensor, 'dtype' | 'shape'>
const isAlike = (a: Typed, b: Typed): boolean => a.dtype === b.dtype && sameShape(a.shape, b.shape)
const typeOf = ({ dtype, shape }: Typed): string => `${dtype} ${formatShape(shape)}`
