/** Starting, pausing, stopping and going on with a training. */
import { closeClassifier, saveModel } from '../library/finished.ts'
import { runTraining, type TrainedModel, type TrainingPlan } from '../library/training.ts'
import { keptWeights } from '../library/weights-file.ts'
import { removeRuns, runsFolder } from '../storage/run-files.ts'
import { assigned, dataKey } from './data.ts'
import { percent, RunFollower } from './follow-run.ts'
import { notifyError } from './notices.ts'
import { keepResult, result } from './result.ts'
import {
  announcement,
  best,
  bestReview,
  curve,
  device,
  epochRows,
  keepRun,
  keptRun,
  phase,
  progress,
  review,
  status,
  type KeptRun,
} from './run.ts'
import { settings, type Settings } from './settings.ts'

let stopping = new AbortController()
let follower: RunFollower | undefined
let gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined

/** Trains from the start, with what the form says. */
export async function start(): Promise<void> {
  const id = String(Date.now())
  phase.value = 'preparing'
  forgetShown()
  keepRun(undefined)
  try {
    await removeRuns()
  } catch {
    // A checkpoint of before may stay: each run has a folder of its own.
  }
  await train({ id, settings: settings.value, dataKey: dataKey.value, isFinished: false })
}

/** Goes on with the training that was stopped, or that a reload or a fault ended: on the device of the form, for the other may be lost. */
export async function goOn(): Promise<void> {
  const run = keptRun.value
  if (!run) return
  phase.value = 'preparing'
  await train({ ...run, settings: { ...run.settings, device: settings.value.device } })
}

/** Holds the training before its next batch. */
export function pause(): void {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  gate = { opened, open }
  phase.value = 'pausing'
}

/** Goes on after {@link pause}. */
export function unpause(): void {
  gate?.open()
  gate = undefined
  follower?.interrupted()
  phase.value = 'training'
}

/** Ends the training; what was learnt until then is kept, and it can be gone on with. */
export function stop(): void {
  phase.value = 'stopping'
  stopping.abort()
  gate?.open()
  gate = undefined
}

async function train(run: KeptRun): Promise<void> {
  stopping = new AbortController()
  follower = new RunFollower()
  status.value = 'Loading the network …'
  announcement.value = 'The training starts.'
  try {
    const trained = await runTraining(await planOf(run), {
      signal: stopping.signal,
      onData: (classes, pictures, count) => {
        follower!.setData(classes, pictures, count)
      },
      onEvent: async (event) => {
        if (event.type === 'start') {
          keepRun(run)
          if (phase.value === 'preparing') phase.value = 'training'
        }
        follower!.take(event)
        if (event.type === 'batch' && gate) await waitAt(gate)
      },
    })
    await finish(run, trained)
  } catch (error) {
    announcement.value = 'The training has failed.'
    status.value = ''
    notifyError(error, 'The training has failed. ')
  } finally {
    phase.value = 'idle'
    gate = undefined
    follower = undefined
  }
}

async function waitAt({ opened }: NonNullable<typeof gate>): Promise<void> {
  if (phase.value === 'pausing') phase.value = 'paused'
  await opened
}

async function finish(run: KeptRun, trained: TrainedModel | undefined): Promise<void> {
  if (!trained) {
    status.value = 'Stopped before the first epoch was finished: there is no model yet.'
    return
  }
  phase.value = 'saving'
  // What is shown now is the model that is kept.
  review.value = bestReview.value ?? review.value
  keepRun({ ...run, isFinished: !trained.wasStopped })
  await saveModel(trained)
  await closeClassifier()
  const { classes, preprocessing } = trained
  keepResult({ classes, accuracy: best.value?.valAccuracy ?? 0, size: preprocessing.cropSize })
  const done = trained.wasStopped ? 'Stopped' : 'Done'
  status.value = `${done}: the best epoch got ${percent(result.value!.accuracy)} of the validation pictures right.`
  announcement.value = status.value
}

async function planOf({ id, settings: chosen }: KeptRun): Promise<TrainingPlan> {
  const { network, weights, url, strategy, augment, device: wanted } = chosen
  const path = network !== 'small' && weights === 'file' ? await keptWeights() : undefined
  return {
    network: { name: network, weights, url, path },
    data: assigned.value,
    strategy,
    ...numbersOf(chosen),
    augment,
    device: wanted,
    directory: `${runsFolder}/${id}`,
  }
}

function numbersOf({ epochs, learningRate, batchSize, size }: Settings) {
  return {
    epochs: Number(epochs),
    learningRate: Number(learningRate),
    batchSize: Number(batchSize),
    size: Number(size),
  }
}

function forgetShown(): void {
  progress.value = undefined
  device.value = undefined
  curve.value = []
  epochRows.value = []
  review.value = bestReview.value = undefined
}
