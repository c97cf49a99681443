import { FileFormatError, throwIfAborted } from '../core/errors.ts'
import type { GeneratorState } from '../core/generator.ts'
import type { Tensor } from '../core/tensor.ts'
import { version } from '../core/version.ts'
import type { OptimizerStateDict } from '../optim/optimizer.ts'
import type { SchedulerState } from '../optim/lr-scheduler/scheduler.ts'
import { anything, count, fields, is, listOf, number, optional, recordOf, text } from './check-json.ts'
import { parseExactly, stringifyExactly } from './exact-json.ts'
import type { LoopState } from './loop-state.ts'
import { sealFile, unsealFile, type SealedFile } from './sealed-file.ts'

/** What a loader's batches are made of. */
export interface DataDescription {
  readonly samples?: number | undefined
  readonly batches: number
  readonly batchSize?: number | undefined
  readonly dropLast?: boolean | undefined
  readonly classes?: readonly string[] | undefined
}

/** What has to be the same for a run to go on. */
export interface RunDescription {
  /** Names of the parameters that aren't trained. */
  readonly frozen: readonly string[]
  readonly optimizer: string
  readonly scheduler?: string | undefined
  /** The loaders by phase. */
  readonly data: Readonly<Record<string, DataDescription>>
}

/** All that a run needs to go on: what a checkpoint holds. */
export interface CheckpointContent {
  /** The library's version that made it. */
  readonly library: string
  readonly run: RunDescription
  readonly loop: LoopState
  readonly scheduler?: SchedulerState | undefined
  readonly optimizer: OptimizerStateDict
  /** Parameters and buffers by qualified name. */
  readonly model: ReadonlyMap<string, Tensor>
  /** Those of the best epoch, once there is one. */
  readonly best?: ReadonlyMap<string, Tensor> | undefined
}

const format = 'onnx-finetune-checkpoint-1'

/**
 * A checkpoint as a file: `model.…`, `best.…` and `optimizer.0.momentum_buffer` are tensors, everything else is JSON in the
 * metadata. Best weights that are those of now, or frozen, are left out.
 */
export function encodeCheckpoint({ model, best, optimizer, ...rest }: CheckpointContent): SealedFile {
  const tensors = new Map<string, Tensor>()
  for (const [name, tensor] of model) tensors.set(`model.${name}`, tensor)
  for (const [name, tensor] of best ?? []) if (model.get(name) !== tensor) tensors.set(`best.${name}`, tensor)
  const steps: Record<string, number> = {}
  for (const [index, { step, ...slots }] of Object.entries(optimizer.state)) {
    steps[index] = step
    for (const [slot, tensor] of Object.entries(slots))
      tensors.set(`optimizer.${index}.${slot}`, tensor as Tensor)
  }
  const state = { ...rest, hasBest: best !== undefined, optimizer: { steps, groups: optimizer.paramGroups } }
  return sealFile(tensors, { format, library: version, state: stringifyExactly(state) })
}

/** A checkpoint that was read, and its file's hash. */
export interface ReadCheckpoint extends CheckpointContent {
  /** The file's path, for messages. */
  readonly source: string
  readonly sha256: string
}

/**
 * Reads a checkpoint's bytes.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} if it's damaged, or no checkpoint.
 */
export async function decodeCheckpoint(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
  signal?: AbortSignal,
): Promise<ReadCheckpoint> {
  const { tensors, metadata, sha256 } = await unsealFile(bytes, source)
  throwIfAborted(signal, `reading ${source}`)
  if (metadata.format !== format) {
    throw new FileFormatError(`${source} is no checkpoint of this library's, or of another version of it`)
  }
  const { hasBest, optimizer, ...state } = parseState(metadata.state, source)
  const parts = splitByPrefix(tensors, source)
  return {
    ...state,
    source,
    sha256,
    model: parts.model,
    best: hasBest ? new Map([...parts.model, ...parts.best]) : undefined,
    optimizer: {
      paramGroups: optimizer.groups,
      state: Object.fromEntries(
        Object.entries(optimizer.steps).map(([index, step]) => [
          index,
          { ...parts.optimizer.get(index), step },
        ]),
      ),
    },
  }
}

interface State extends Omit<CheckpointContent, 'model' | 'best' | 'optimizer'> {
  readonly hasBest: boolean
  readonly optimizer: {
    readonly steps: Readonly<Record<string, number>>
    readonly groups: OptimizerStateDict['paramGroups']
  }
}

function parseState(json: string | undefined, source: string): State {
  const where = `${source}: its state`
  let state: unknown
  try {
    state = parseExactly(json ?? '')
  } catch (cause) {
    throw new FileFormatError(`${where} is no JSON`, { cause })
  }
  isState(state, where)
  const { loop } = state as State
  const { history, epoch, bestEpoch } = loop
  if (history.length !== epoch || history.some((metrics, index) => metrics.epoch !== index)) {
    throw new FileFormatError(`${where} has a history that isn't that of ${epoch} epochs`)
  }
  if (bestEpoch !== undefined && bestEpoch >= epoch) {
    throw new FileFormatError(`${where} has the best epoch ${bestEpoch} of ${epoch}`)
  }
  return state as State
}

const flag = is('boolean', (value) => typeof value === 'boolean')
const int32 = is(
  '32-bit integer',
  (value) => Number.isInteger(value) && (value as number) === ((value as number) | 0),
)
const generator = (value: unknown, where: string) => {
  listOf(int32)(value, where)
  fourWords(value, where)
}
const fourWords = is('list of four words', (value) => (value as GeneratorState).length === 4)
const metrics = fields({ loss: number, accuracy: number })
/** Whether a value is an epoch's metrics. */
export const epochMetrics = fields({
  epoch: count,
  train: metrics,
  val: optional(metrics),
  learningRates: listOf(number),
  seconds: number,
})
const open = fields({
  batch: count,
  learningRates: listOf(number),
  running: fields({ loss: number, correct: number, samples: count }),
  seconds: number,
  order: generator,
})
const isState = fields({
  library: text,
  hasBest: flag,
  run: fields({
    frozen: listOf(text),
    optimizer: text,
    scheduler: optional(text),
    data: recordOf(
      fields({
        samples: optional(count),
        batches: count,
        batchSize: optional(count),
        dropLast: optional(flag),
        classes: optional(listOf(text)),
      }),
    ),
  }),
  loop: fields({
    epoch: count,
    step: count,
    history: listOf(epochMetrics),
    bestEpoch: optional(count),
    open: optional(open),
    generators: recordOf(generator),
  }),
  scheduler: optional(recordOf(anything)),
  optimizer: fields({
    steps: recordOf(count),
    groups: listOf(fields({ params: listOf(count), initialLr: optional(number) })),
  }),
})

interface Parts {
  readonly model: Map<string, Tensor>
  readonly best: Map<string, Tensor>
  readonly optimizer: Map<string, Record<string, Tensor>>
}

function splitByPrefix(tensors: ReadonlyMap<string, Tensor>, source: string): Parts {
  const parts: Parts = { model: new Map(), best: new Map(), optimizer: new Map() }
  for (const [name, tensor] of tensors) {
    const [part, rest] = cut(name)
    if (part === 'model' || part === 'best') parts[part].set(rest, tensor)
    else if (part === 'optimizer') {
      const [index, slot] = cut(rest)
      parts.optimizer.set(index, { ...parts.optimizer.get(index), [slot]: tensor })
    } else throw new FileFormatError(`${source} has a tensor '${name}', which is no part of a checkpoint`)
  }
  return parts
}

/** What is before and after the first dot. */
function cut(name: string): [string, string] {
  const dot = name.indexOf('.')
  return dot < 0 ? [name, ''] : [name.slice(0, dot), name.slice(dot + 1)]
}
