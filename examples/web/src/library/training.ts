/** A training, from the page's pictures and settings to a model: the tutorial's code, with checkpoints. */
import { AbortError, Generator, nn, optim, trainModel, type models, type TrainEvent } from 'onnx-finetune'

import type { Picture } from '../data/picture.ts'
import type { Assigned } from '../data/split.ts'
import { loadNetwork, preprocessingOf, type NetworkSpec } from './networks.ts'
import { openData } from './open-data.ts'

/** All that a training depends on. */
export interface TrainingPlan {
  readonly network: NetworkSpec
  readonly data: Assigned
  readonly strategy: 'head' | 'whole'
  readonly epochs: number
  readonly learningRate: number
  readonly batchSize: number
  readonly size: number
  readonly augment: boolean
  readonly device: 'auto' | 'webgpu' | 'wasm'
  /** Where its checkpoints are. */
  readonly directory: string
}

/** What a training tells, and is told. */
export interface TrainingHooks {
  readonly signal: AbortSignal
  /** Called once the data is open: what the outputs are about. */
  readonly onData: (classes: readonly string[], valPictures: readonly Picture[], trainCount: number) => void
  /** The next batch waits for it. */
  readonly onEvent: (event: TrainEvent) => void | Promise<void>
}

/** A model, with what belongs to it. */
export interface TrainedModel {
  readonly model: models.ResNet
  readonly classes: readonly string[]
  readonly preprocessing: ReturnType<typeof preprocessingOf>
  readonly wasStopped: boolean
}

/**
 * Trains, from the newest checkpoint in the plan's folder where there is one. Stopped after an epoch or more, it gives the
 * best epoch's model; before that, `undefined`.
 */
export async function runTraining(
  plan: TrainingPlan,
  hooks: TrainingHooks,
): Promise<TrainedModel | undefined> {
  const { data, strategy, epochs, size, device, directory } = plan
  const { signal, onData, onEvent } = hooks
  const opened = await openData(data, { ...plan, network: plan.network.name })
  const { train, val } = opened.loaders
  try {
    onData(opened.classes, opened.valPictures, data.train.length)
    const model = await loadNetwork(plan.network)
    if (strategy === 'head') model.requiresGrad_(false)
    const generator = new Generator(0)
    model.fc = new nn.Linear(model.fc.inFeatures, opened.classes.length, { generator })
    const optimizer = new optim.SGD(model.parameters(), { lr: plan.learningRate, momentum: 0.9 })
    const scheduler = new optim.StepLR(optimizer, {
      stepSize: Math.max(1, Math.ceil(0.7 * epochs)),
      gamma: 0.1,
    })
    let epochsDone = 0
    const count = (event: TrainEvent) => {
      if (event.type === 'start') epochsDone = event.resumed?.epoch ?? 0
      if (event.type === 'epoch') epochsDone++
      return onEvent(event)
    }
    const wasStopped = await unlessStopped(
      trainModel(model, {
        dataloaders: { train, val },
        criterion: new nn.CrossEntropyLoss(),
        optimizer,
        scheduler,
        numEpochs: epochs,
        device,
        // One is left for the page itself.
        threads: Math.max(1, navigator.hardwareConcurrency - 1),
        checkpoint: { directory, everySteps: stepsBetweenCheckpoints(plan) },
        resume: true,
        signal,
        progress: false,
        callbacks: [count],
      }),
    )
    if (epochsDone === 0) return undefined
    const preprocessing = preprocessingOf(plan.network.name, size)
    return { model, classes: opened.classes, preprocessing, wasStopped }
  } finally {
    await opened.close()
  }
}

/** A reload loses what came after: some seconds of the small network, a minute or so of a large one. */
function stepsBetweenCheckpoints({ network }: TrainingPlan): number {
  return network.name === 'small' ? 50 : 100
}

async function unlessStopped(training: Promise<unknown>): Promise<boolean> {
  try {
    await training
    return false
  } catch (error) {
    if (error instanceof AbortError) return true
    throw error
  }
}
