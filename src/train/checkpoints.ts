import { FileSystemError } from '../core/errors.ts'
import type { GeneratorState } from '../core/generator.ts'
import type { Tensor } from '../core/tensor.ts'
import { version } from '../core/version.ts'
import type { SessionState } from '../runtime/session-state.ts'
import type { CheckpointFolder } from './checkpoint-folder.ts'
import type { CheckpointPolicy } from './checkpoint-options.ts'
import { describeRun, generatorsOf, schedulerStateOf, type CheckpointedRun } from './checkpoint-run.ts'
import type { TrainEvent } from './events.ts'
import type { LoopState } from './loop-state.ts'
import type { LoopCheckpoints } from './loop-types.ts'

/** What checkpoints need of a session. */
export interface SavedSession {
  state(): Promise<SessionState>
}

/** What a run was when it began: nothing to save until it's elsewhere. */
export interface Beginning {
  readonly loop?: LoopState | undefined
  /** The best epoch's weights. */
  readonly best?: ReadonlyMap<string, Tensor> | undefined
}

const nowhere = { epoch: -1, step: -1 }

/**
 * Saves a run as it goes. The state is taken between two steps, and written while training goes on: one checkpoint
 * at a time. What can't be written is told, and training goes on.
 */
export class Checkpoints implements LoopCheckpoints {
  readonly #session: SavedSession
  readonly #run: CheckpointedRun
  readonly #folder: CheckpointFolder
  readonly #policy: CheckpointPolicy
  readonly #numEpochs: number
  #best: ReadonlyMap<string, Tensor> | undefined
  #last: Pick<LoopState, 'epoch' | 'step'>
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown
  #events: TrainEvent[] = []

  constructor(
    session: SavedSession,
    run: CheckpointedRun & { readonly numEpochs: number },
    folder: CheckpointFolder,
    policy: CheckpointPolicy,
    { loop, best }: Beginning = {},
  ) {
    this.#session = session
    this.#run = run
    this.#folder = folder
    this.#policy = policy
    this.#numEpochs = run.numEpochs
    this.#best = best
    this.#last = loop ?? { epoch: 0, step: 0 }
  }

  generators(): Record<string, GeneratorState> {
    return generatorsOf(this.#run)
  }

  isDue(step: number): boolean {
    return step % this.#policy.everySteps === 0
  }

  async endEpoch(loop: LoopState): Promise<void> {
    const { epoch, bestEpoch } = loop
    const isDue = epoch % this.#policy.everyEpochs === 0 || epoch === this.#numEpochs
    const isBest = bestEpoch === epoch - 1
    if (!isDue && !isBest) return
    const now = await this.#session.state()
    if (isBest) this.#best = now.model
    if (isDue) await this.#begin(loop, now)
  }

  async save(loop: LoopState): Promise<void> {
    if (loop.epoch === this.#last.epoch && loop.step === this.#last.step) return
    await this.#begin(loop, await this.#session.state())
  }

  events(): TrainEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  async settle(): Promise<void> {
    await this.#writing
    const failure = this.#failure
    this.#failure = undefined
    if (failure !== undefined) throw failure as Error
  }

  /** What is read from scheduler and optimizer is read before this returns. */
  async #begin(loop: LoopState, { model, optimizer }: SessionState): Promise<void> {
    const content = {
      library: version,
      run: describeRun(this.#run),
      loop,
      scheduler: schedulerStateOf(this.#run),
      optimizer: optimizer!,
      model,
      best: this.#best,
    }
    await this.settle()
    this.#last = loop
    this.#writing = this.#write(content).catch((error: unknown) => {
      this.#failure = error
    })
  }

  async #write(content: Parameters<CheckpointFolder['write']>[0]): Promise<void> {
    const { epoch, step } = content.loop
    try {
      const { path, warnings } = await this.#folder.write(content, this.#policy)
      this.#events.push({ type: 'checkpoint', path, epoch, step }, ...warnings)
    } catch (error) {
      if (!(error instanceof FileSystemError)) throw error
      // The next attempt must not take this state for saved.
      this.#last = nowhere
      const message = `training goes on without the checkpoint of step ${step}: ${error.message}`
      this.#events.push({ type: 'warning', message, error })
    }
  }
}
