import { AbortError, ArgumentError, DataError, NonFiniteLossError, throwIfAborted } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import type { Batch } from '../data/collate.ts'
import type { EpochMetrics, TrainEvent } from './events.ts'
import type { LoopState } from './loop-state.ts'
import type {
  BatchSource,
  EpochScheduler,
  LoopCheckpoints,
  Phase,
  ResumableSource,
  StepResult,
  StepSession,
} from './loop-types.ts'
import { isBetter } from './is-better.ts'
import { inRuns, RunGuard } from './step-runs.ts'
import { RunningMetrics, type Metrics } from './running-metrics.ts'

/** Options of {@link trainEpochs}. */
export interface TrainEpochsOptions {
  readonly dataloaders: { readonly train: BatchSource; readonly val?: BatchSource }
  /** Epochs to train, ≥ 1. */
  readonly numEpochs: number
  /** Its parameter groups' learning rates are reported. */
  readonly optimizer: { readonly paramGroups: readonly { readonly lr: number }[] }
  /** Stepped after each epoch, with the validation loss (or the training loss, without validation). */
  readonly scheduler?: EpochScheduler | undefined
  /** Stops before the next batch, or the next run of several, with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined
  /** Training batches in a run: see `TrainOptions`. Default: 1. */
  readonly stepsPerRun?: number | undefined
}

/** How {@link trainEpochs} is made to go on. With either, `train` must be a {@link ResumableSource}. */
export interface Continuation {
  /** Where an earlier run was. Session, optimizer, scheduler and generators must be as they were then. */
  readonly resumed?: LoopState | undefined
  readonly checkpoints?: LoopCheckpoints | undefined
}

/**
 * The tutorial's `train_model` as a stream of events: each epoch trains, then validates, then steps the scheduler; the
 * parameters and buffers with the best validation accuracy (without classes: the lowest validation loss, without
 * validation: the lowest training loss) are kept
 * and, at the end, on abort and on failure, loaded back into the session.
 *
 * @throws {@link NonFiniteLossError} naming epoch, batch and learning rate when the training loss is NaN or infinite.
 * @throws {@link AbortError} when `signal` aborts; with checkpoints, the run is saved first.
 * @throws {@link DataError} if a loader has no batches.
 * @see https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html
 */
export async function* trainEpochs(
  session: StepSession,
  options: TrainEpochsOptions,
  continuation: Continuation = {},
): AsyncGenerator<TrainEvent, EpochMetrics[], undefined> {
  const { numEpochs } = options
  if (!Number.isInteger(numEpochs) || numEpochs < 1) {
    throw new ArgumentError(`numEpochs must be an integer of at least 1, not ${numEpochs}`)
  }
  const { checkpoints } = continuation
  const loop = new Loop(session, options, continuation)
  try {
    while (loop.history.length < numEpochs) yield* loop.runEpoch()
    await checkpoints?.settle()
    yield* checkpoints?.events() ?? []
  } catch (error) {
    if (error instanceof AbortError && checkpoints) {
      await checkpoints.save(loop.boundary())
      await checkpoints.settle()
      yield* checkpoints.events()
    }
    throw error
  } finally {
    if (loop.hasSnapshot) await session.restore()
    await checkpoints?.settle()
  }
  return loop.history
}

/** What is known of an epoch while it is under way. */
interface Open {
  readonly began: number
  readonly learningRates: readonly number[]
  readonly running: RunningMetrics
  /** Only where it can be repeated. */
  readonly order?: Generator | undefined
  batch: number
}

class Loop {
  readonly history: EpochMetrics[]
  /** Whether the session has the best epoch of this run. */
  hasSnapshot = false
  readonly #session
  readonly #options
  readonly #checkpoints
  readonly #isResumable
  #best: EpochMetrics | undefined
  #step: number
  #open: Open | undefined
  /** The state before validation, which changes nothing but its loader's generator. */
  #trained: LoopState | undefined

  constructor(session: StepSession, options: TrainEpochsOptions, { resumed, checkpoints }: Continuation) {
    this.#session = session
    this.#options = options
    this.#checkpoints = checkpoints
    this.#isResumable = resumed !== undefined || checkpoints !== undefined
    this.history = [...(resumed?.history ?? [])]
    this.#best = resumed?.bestEpoch === undefined ? undefined : this.history[resumed.bestEpoch]
    this.#step = resumed?.step ?? 0
    this.#open = resumed?.open && {
      began: performance.now() - 1000 * resumed.open.seconds,
      learningRates: resumed.open.learningRates,
      running: new RunningMetrics(resumed.open.running),
      order: Generator.fromState(resumed.open.order),
      batch: resumed.open.batch,
    }
  }

  /** Where the run can go on from: after the last training step, or after the last epoch. */
  boundary(): LoopState {
    return this.#trained ?? this.#state()
  }

  async *runEpoch(): AsyncGenerator<TrainEvent, void, undefined> {
    const { dataloaders, scheduler } = this.#options
    throwIfAborted(this.#options.signal, 'training')
    const open = (this.#open ??= this.#begin())
    const train = yield* this.#trainPhase(open)
    if (this.#checkpoints) this.#trained = this.#state()
    const val = dataloaders.val && (yield* this.#valPhase(dataloaders.val))
    scheduler?.step((val ?? train).loss)
    const seconds = (performance.now() - open.began) / 1000
    const { learningRates } = open
    const metrics: EpochMetrics = { epoch: this.#epoch, train, ...(val && { val }), learningRates, seconds }
    this.history.push(metrics)
    this.#open = this.#trained = undefined
    const isBest = this.#best === undefined || isBetter(metrics, this.#best)
    if (isBest) await this.#keep(metrics)
    yield { type: 'epoch', metrics, isBest }
    await this.#checkpoints?.endEpoch(this.#state())
    yield* this.#checkpoints?.events() ?? []
  }

  /** Of the epoch that is under way, or would be next. */
  get #epoch(): number {
    return this.history.length
  }

  #begin(): Open {
    const learningRates = this.#options.optimizer.paramGroups.map(({ lr }) => lr)
    const source = this.#options.dataloaders.train
    const order = this.#isResumable ? (source as ResumableSource).generator.split() : undefined
    return { began: performance.now(), learningRates, running: new RunningMetrics(), order, batch: 0 }
  }

  async #keep(metrics: EpochMetrics): Promise<void> {
    await this.#session.snapshot()
    this.hasSnapshot = true
    this.#best = metrics
  }

  async *#trainPhase(open: Open): AsyncGenerator<TrainEvent, Metrics, undefined> {
    const source = this.#options.dataloaders.train
    const { running, order } = open
    const batches = order ? (source as ResumableSource).epoch(order, open.batch) : source
    const { stepsPerRun = 1, optimizer, signal } = this.#options
    const isDue = (ahead: number) => this.#checkpoints?.isDue(this.#step + ahead) ?? false
    for await (const run of inRuns(batches, stepsPerRun, isDue)) {
      throwIfAborted(signal, 'training')
      const guard = new RunGuard(optimizer, run.length)
      for (const [index, step] of (await this.#trainRun(run)).entries()) {
        yield* this.#report(open, run[index]!, step)
        guard.check(index)
      }
    }
    return yield* this.#endPhase('train', open.batch, running)
  }

  async #trainRun(run: readonly Batch[]): Promise<readonly StepResult[]> {
    if (run.length > 1) return this.#session.trainSteps(run)
    const [{ inputs, labels }] = run as [Batch]
    return [await this.#session.trainStep(inputs, labels)]
  }

  /** What comes after a training step. */
  async *#report(
    open: Open,
    { labels }: Batch,
    { loss, outputs }: StepResult,
  ): AsyncGenerator<TrainEvent, void, undefined> {
    const { running, learningRates } = open
    if (!Number.isFinite(loss)) throw new NonFiniteLossError(loss, this.#epoch, open.batch, learningRates)
    running.add(loss, outputs, labels)
    const batch = open.batch++
    this.#step++
    const { length } = this.#options.dataloaders.train
    yield { ...this.#batchEvent('train', batch, length, running), loss, outputs, labels }
    if (this.#checkpoints?.isDue(this.#step)) await this.#checkpoints.save(this.#state())
    yield* this.#checkpoints?.events() ?? []
  }

  async *#valPhase(source: BatchSource): AsyncGenerator<TrainEvent, Metrics, undefined> {
    const running = new RunningMetrics()
    let batch = 0
    throwIfAborted(this.#options.signal, 'training')
    for await (const { inputs, labels } of source as AsyncIterable<Batch>) {
      throwIfAborted(this.#options.signal, 'training')
      const { loss, outputs } = await this.#session.evalStep(inputs, labels)
      running.add(loss, outputs, labels)
      yield { ...this.#batchEvent('val', batch++, source.length, running), loss, outputs, labels }
    }
    return yield* this.#endPhase('val', batch, running)
  }

  #batchEvent(phase: Phase, batch: number, batches: number, running: RunningMetrics) {
    return { type: 'batch', epoch: this.#epoch, phase, batch, batches, running: running.value } as const
  }

  *#endPhase(
    phase: Phase,
    batches: number,
    running: RunningMetrics,
  ): globalThis.Generator<TrainEvent, Metrics, undefined> {
    if (batches === 0)
      throw new DataError(`the ${phase} loader has no batches: check its data set and dropLast`)
    yield { type: 'phase', epoch: this.#epoch, phase, metrics: running.value }
    return running.value
  }

  #state(): LoopState {
    const open = this.#open
    return {
      epoch: this.#epoch,
      step: this.#step,
      history: [...this.history],
      bestEpoch: this.#best?.epoch,
      open: open?.order && {
        batch: open.batch,
        learningRates: open.learningRates,
        running: open.running.sums,
        seconds: (performance.now() - open.began) / 1000,
        order: open.order.state(),
      },
      generators: this.#checkpoints?.generators() ?? {},
    }
  }
}
