/**
 * A loader's workers, on the workerpool library, for Node and the browser alike. What workerpool leaves open is
 * closed here: idle workers neither keep Node alive nor stay for ever, and a dead one ends all that is running.
 */
import { pool, type Pool } from 'workerpool'

import { AbortError, WorkerError } from '../core/errors.ts'
import type { SampleTask, TaskResult } from '../data/sample-task.ts'

/** Workers that make samples. */
export interface SamplePool {
  /**
   * Makes the samples of `task` in a worker. Rejects with {@link WorkerError} if the worker dies, and with
   * {@link AbortError} when `signal` is aborted: the worker then stops after the sample it is making.
   */
  run(task: SampleTask, signal: AbortSignal): Promise<TaskResult>
  /** Ends the workers, and what they are doing. */
  close(): Promise<void>
}

/** How the platform starts a worker. */
export interface SamplePoolOptions {
  /** Path or URL of the worker's entry. */
  readonly script: string
  /** Largest number of workers. */
  readonly size: number
  /** Idle workers are ended after this time (ms). Default: 30,000, above the pause between two epochs. */
  readonly idleLimit?: number
  readonly workerOpts?: WorkerOptions
  readonly workerThreadOpts?: { readonly execArgv?: readonly string[] }
}

/** Opens a pool: workers start with the first task, and again after {@link SamplePool.close}. */
export function createSamplePool(options: SamplePoolOptions): SamplePool {
  let crew: Crew | undefined
  const close = async () => {
    const old = crew
    crew = undefined
    await old?.end(new WorkerError('the loader was closed while it was making a batch'))
  }
  return {
    run: (task, signal) => {
      if (!crew || crew.hasEnded) crew = new Crew(options, () => void close())
      return crew.run(task, signal)
    },
    close,
  }
}

/** The workers between two closings. */
class Crew {
  readonly #pool: Pool
  readonly #whenIdle: () => void
  readonly #idleLimit: number
  #running = 0
  #idleTimer: ReturnType<typeof setTimeout> | undefined
  #ended: WorkerError | undefined

  constructor({ script, size, idleLimit = 30_000, ...rest }: SamplePoolOptions, whenIdle: () => void) {
    this.#pool = pool(script, { ...rest, maxWorkers: size })
    this.#whenIdle = whenIdle
    this.#idleLimit = idleLimit
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  async run(task: SampleTask, signal: AbortSignal): Promise<TaskResult> {
    let job: ReturnType<Pool['exec']> | undefined
    const cancel = () => void job?.cancel()
    signal.addEventListener('abort', cancel)
    this.#count(1)
    try {
      job = this.#pool.exec('run', [task])
      return (await job) as TaskResult
    } catch (error) {
      if (signal.aborted) throw new AbortError('the batch is no longer wanted', { cause: error })
      if (!this.#ended) void this.end(describeDeath(error, task))
      throw this.#ended!
    } finally {
      signal.removeEventListener('abort', cancel)
      this.#count(-1)
    }
  }

  /** Ends the workers; what they were doing is rejected with the first `reason` given. */
  async end(reason: WorkerError): Promise<void> {
    this.#ended ??= reason
    clearTimeout(this.#idleTimer)
    // A worker that died while idle never reports its end: hence the limit, and no error from it.
    await this.#pool.terminate(true, 2000).then(noop, noop)
  }

  #count(change: 1 | -1): void {
    this.#running += change
    clearTimeout(this.#idleTimer)
    for (const worker of threadsOf(this.#pool)) {
      if (this.#running > 0) worker.ref?.()
      else worker.unref?.()
    }
    if (this.#running > 0 || this.#ended) return
    this.#idleTimer = setTimeout(this.#whenIdle, this.#idleLimit)
    // In a browser a timer is a number, and holds nothing.
    if (typeof this.#idleTimer === 'object') this.#idleTimer.unref()
  }
}

interface Thread {
  ref?(): void
  unref?(): void
}

/** workerpool has no `unref` of its own, and its handlers' threads are private: this is the one place that looks. */
function threadsOf(pool: Pool): Thread[] {
  const { workers } = pool as unknown as { readonly workers: readonly { readonly worker: Thread | null }[] }
  return workers.flatMap(({ worker }) => worker ?? [])
}

function describeDeath(error: unknown, { items }: SampleTask): WorkerError {
  const message = error instanceof Error ? error.message : String(error)
  const code = /exitCode: `(.*?)`/.exec(message)?.[1]
  const reason = code === undefined ? message : `it exited with code ${code}`
  const samples = items.map(({ index }) => index).join(', ')
  const names = [...new Set(items.map(({ handler }) => `'${handler}'`))].join(', ')
  return new WorkerError(
    `a loader worker died while making samples ${samples} with ${names}: ${reason}. ` +
      'Run with numWorkers: 0 to see it on the main thread; if memory ran out, lower batchSize or prefetchFactor.',
    { cause: error },
  )
}

function noop(): void {
  // Nothing to do.
}
