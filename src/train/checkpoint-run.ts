import { ArgumentError } from '../core/errors.ts'
import { Generator, type GeneratorState } from '../core/generator.ts'
import { Tensor } from '../core/tensor.ts'
import { BatchSampler } from '../data/batch-sampler.ts'
import type { Module } from '../nn/module.ts'
import type { Optimizer, OptimizerStateDict } from '../optim/optimizer.ts'
import type { LRScheduler } from '../optim/lr-scheduler/scheduler.ts'
import { copyInTurns } from '../runtime/copy-in-turns.ts'
import type {
  CheckpointContent,
  DataDescription,
  ReadCheckpoint,
  RunDescription,
} from './checkpoint-content.ts'
import { checkFit } from './checkpoint-fit.ts'
import type { BatchSource, EpochScheduler, Phase, ResumableSource } from './loop-types.ts'

/** The parts of a run that checkpoints keep, and that they are loaded into. */
export interface CheckpointedRun {
  readonly model: Module
  readonly optimizer: Optimizer
  readonly scheduler?: EpochScheduler | undefined
  readonly dataloaders: { readonly train: BatchSource; readonly val?: BatchSource }
  /** That of Dropout's masks. */
  readonly generator: Generator
}

/** @throws {@link ArgumentError} for a part that can't be saved. */
export function checkRun({ dataloaders, scheduler }: CheckpointedRun): void {
  for (const [phase, loader] of loadersOf(dataloaders)) {
    const { generator, epoch } = loader as Partial<ResumableSource>
    if (generator instanceof Generator && typeof epoch === 'function') continue
    throw new ArgumentError(
      `the ${phase} loader can't be resumed: give a DataLoader, or an object that has \`generator\` and \`epoch(generator, from)\` too`,
    )
  }
  if (!scheduler || isSaveable(scheduler)) return
  throw new ArgumentError(
    "the scheduler can't be resumed: give it stateDict() and loadStateDict(state), as those of optim have",
  )
}

/** What has to be the same for a run to go on. */
export function describeRun({ model, optimizer, scheduler, dataloaders }: CheckpointedRun): RunDescription {
  const parameters = [...model.namedParameters()]
  return {
    frozen: parameters.filter(([, { requiresGrad }]) => !requiresGrad).map(([name]) => name),
    optimizer: optimizer.constructor.name,
    scheduler: scheduler?.constructor.name,
    data: Object.fromEntries(loadersOf(dataloaders).map(([phase, loader]) => [phase, describeData(loader)])),
  }
}

/** Where the generators are, by what they're for. */
export function generatorsOf({ dataloaders, generator }: CheckpointedRun): Record<string, GeneratorState> {
  const loaders = loadersOf(dataloaders).map(([phase, loader]) => [phase, loader.generator.state()])
  return {
    ...(Object.fromEntries(loaders) as Record<string, GeneratorState>),
    dropout: generator.state(),
  }
}

/** The scheduler's state, where there is one. */
export function schedulerStateOf({ scheduler }: CheckpointedRun): CheckpointContent['scheduler'] {
  return scheduler && (scheduler as LRScheduler).stateDict()
}

/**
 * Makes a run what it was. Model and optimizer get copies: the file's own memory can be given back.
 *
 * @returns A copy of the best epoch's weights, once there is one.
 * @throws {@link StateDictError} or {@link ArgumentError} naming what differs, and then nothing is changed.
 */
export async function applyCheckpoint(
  checkpoint: ReadCheckpoint,
  run: CheckpointedRun,
): Promise<ReadonlyMap<string, Tensor> | undefined> {
  checkFit(checkpoint, run.model, run.optimizer, describeRun(run))
  const weights = await copied(checkpoint.model)
  const best = checkpoint.best && (await copied(checkpoint.best))
  const optimizerState = await copiedState(checkpoint.optimizer)
  const { model, optimizer, scheduler, dataloaders, generator } = run
  if (scheduler) (scheduler as LRScheduler).loadStateDict(checkpoint.scheduler ?? {})
  optimizer.takeStateDict(optimizerState)
  loadTensors(model, weights)
  const { generators } = checkpoint.loop
  for (const [phase, loader] of loadersOf(dataloaders)) {
    loader.generator.restore(generators[phase]!)
  }
  generator.restore(generators.dropout!)
  return best
}

/** Gives a model these tensors, not copies, as parameters and buffers. */
export function loadTensors(model: Module, tensors: ReadonlyMap<string, Tensor>): void {
  for (const [name, state] of [...model.namedParameters(), ...model.namedBuffers()]) {
    const tensor = tensors.get(name)
    if (tensor) state.tensor = tensor
  }
}

async function copied(tensors: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
  const copies = await copyInTurns(Object.fromEntries(tensors))
  return new Map(
    Object.entries(copies).map(([name, { dtype, data, shape }]) => [name, new Tensor(dtype, data, shape)]),
  )
}

async function copiedState({ state, paramGroups }: OptimizerStateDict): Promise<OptimizerStateDict> {
  const copies: [string, OptimizerStateDict['state'][string]][] = []
  for (const [index, { step, ...slots }] of Object.entries(state)) {
    const tensors = await copied(new Map(Object.entries(slots as Record<string, Tensor>)))
    copies.push([index, { ...Object.fromEntries(tensors), step }])
  }
  return { state: Object.fromEntries(copies), paramGroups }
}

/** {@link checkRun} has checked that they can be resumed. */
function loadersOf({ train, val }: CheckpointedRun['dataloaders']): [phase: Phase, ResumableSource][] {
  const loaders: [Phase, BatchSource][] = [
    ['train', train],
    ...(val ? [['val', val] as [Phase, BatchSource]] : []),
  ]
  return loaders as [Phase, ResumableSource][]
}

function describeData(loader: BatchSource): DataDescription {
  const { dataset, batchSampler } = loader as {
    dataset?: { length?: number; classes?: unknown }
    batchSampler?: unknown
  }
  const classes = dataset?.classes
  return {
    batches: loader.length,
    ...(dataset?.length === undefined ? {} : { samples: dataset.length }),
    ...(batchSampler instanceof BatchSampler
      ? { batchSize: batchSampler.batchSize, dropLast: batchSampler.dropLast }
      : {}),
    ...(Array.isArray(classes) && classes.every((name) => typeof name === 'string') ? { classes } : {}),
  }
}

function isSaveable(scheduler: EpochScheduler): boolean {
  const { stateDict, loadStateDict } = scheduler as Partial<LRScheduler>
  return typeof stateDict === 'function' && typeof loadStateDict === 'function'
}
