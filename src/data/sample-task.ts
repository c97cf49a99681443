/**
 * What crosses the border between a loader and its workers, and the worker's side of it. A task is a whole
 * batch: its buffer is filled in the worker, once, and transferred, so the caller's thread copies nothing.
 */
import { nextTurn } from '#platform'

import { AbortError, ArgumentError } from '../core/errors.ts'
import { Generator, type GeneratorState } from '../core/generator.ts'
import { Tensor } from '../core/tensor.ts'
import { BatchStack, type Batch } from './collate.ts'
import type { Allocate, Sample, SampleHandler } from './dataset.ts'
import { packError, type ErrorWire } from '../core/error-wire.ts'

/** One sample to make. */
export interface TaskItem {
  /** Index in the data set, for messages. */
  readonly index: number
  readonly handler: string
  readonly payload: unknown
  readonly generator: GeneratorState
}

/** The samples of one batch. */
export interface SampleTask {
  readonly items: readonly TaskItem[]
  /** Whether to answer with the stacked batch, or with each sample and its generator's state. */
  readonly stack: boolean
}

/** A sample, and where its generator was left. */
export interface MadeSample {
  readonly sample: Sample
  readonly generator: GeneratorState
}

/** A worker's answer. Tensors arrive without their class: see {@link reviveSample} and {@link reviveBatch}. */
export type TaskResult =
  | { readonly kind: 'batch'; readonly batch: Batch }
  | { readonly kind: 'samples'; readonly made: readonly MadeSample[] }
  /** `index`: the sample that failed; absent if they could not be stacked. */
  | { readonly kind: 'failure'; readonly index?: number | undefined; readonly error: ErrorWire }

/** Handlers by name; any other handler is the URL of a module and its export. */
export type HandlerTable = Readonly<Record<string, () => Promise<SampleHandler>>>

/** Makes the samples of `task`; never rejects. Stops between samples when `signal` is aborted. */
export async function runSampleTask(
  task: SampleTask,
  handlers: HandlerTable,
  signal: AbortSignal,
): Promise<TaskResult> {
  const stack = task.stack ? new BatchStack(task.items.length) : undefined
  const allocate: Allocate | undefined = stack && ((dtype, shape) => stack.allocate(dtype, shape))
  const made: MadeSample[] = []
  let making: number | undefined
  try {
    for (const { index, handler, payload, generator: state } of task.items) {
      // Samples may be made without ever waiting: a cancellation needs its turn to be heard.
      await nextTurn()
      if (signal.aborted) throw new AbortError('the batch is no longer wanted')
      making = index
      const generator = Generator.fromState(state)
      const sample = await (await findHandler(handler, handlers))(payload, generator, allocate)
      making = undefined
      if (stack) stack.add(sample, index)
      else made.push({ sample: compact(sample), generator: generator.state() })
    }
    return stack ? { kind: 'batch', batch: stack.batch() } : { kind: 'samples', made }
  } catch (error) {
    return { kind: 'failure', index: making, error: packError(error) }
  }
}

const imported = new Map<string, Promise<SampleHandler>>()

function findHandler(name: string, handlers: HandlerTable): Promise<SampleHandler> {
  const known = imported.get(name)
  if (known) return known
  const found = Object.hasOwn(handlers, name) ? handlers[name]!() : importHandler(name, handlers)
  imported.set(name, found)
  return found
}

async function importHandler(name: string, handlers: HandlerTable): Promise<SampleHandler> {
  const [module = '', member = ''] = name.split('#')
  if (!URL.canParse(module)) {
    throw new ArgumentError(
      `there is no sample handler '${name}'; there are ${Object.keys(handlers).join(', ')}. For one of your ` +
        "own give the URL of a module and its export: new URL('./samples.js#load', import.meta.url).href",
    )
  }
  const found = ((await import(module)) as Record<string, unknown>)[member]
  if (typeof found === 'function') return found as SampleHandler
  throw new ArgumentError(`sample handler '${name}': that module has no function named '${member}'`)
}

/** The buffers of a result, to be transferred, each once. */
export function buffersOf(result: TaskResult): ArrayBuffer[] {
  return [...new Set(tensorsOf(result).map((tensor) => tensor.data.buffer))]
}

function tensorsOf(result: TaskResult): Tensor[] {
  if (result.kind === 'batch') return [result.batch.inputs, result.batch.labels]
  if (result.kind === 'failure') return []
  return result.made.flatMap(({ sample: { input, label } }) =>
    typeof label === 'number' ? [input] : [input, label],
  )
}

/** Views into a larger buffer would take all of it along: those are copied. */
function compact({ input, label }: Sample): Sample {
  const own = (tensor: Tensor) =>
    tensor.data.byteLength === tensor.data.buffer.byteLength ? tensor : tensor.clone()
  return { input: own(input), label: typeof label === 'number' ? label : own(label) }
}

/** Gives tensors that crossed the border their class back. */
export function reviveBatch({ inputs, labels }: Batch): Batch {
  return { inputs: revive(inputs), labels: revive(labels) }
}

/** As {@link reviveBatch}, for one sample. */
export function reviveSample({ input, label }: Sample): Sample {
  return { input: revive(input), label: typeof label === 'number' ? label : revive(label) }
}

function revive({ dtype, data, shape }: Tensor): Tensor {
  return new Tensor(dtype, data, shape)
}
