/**
 * A loader's workers, on the workerpool library, for Node and the browser alike. What workerpool leaves open is
 * closed here: idle workers neither keep Node alive nor stay for ever, and a dead one ends all that is running.
 */
import type * as workerpool from 'workerpool'

import { AbortError, throwIfAborted, WorkerError } from '../core/errors.ts'
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
  /** Why a worker died, where its error doesn't say. Default: its error's message. */
  readonly explain?: (error: unknown) => Promise<string> | string
}

/** Opens a pool: workers start with the first task, and again after {@link SamplePool.close}. */
export function createSamplePool(options: SamplePoolOptions): SamplePool {
  let crew: Crew | undefined
  let closings = 0
  const close = async () => {
    const old = crew
    crew = undefined
    closings++
    await old?.end(closed())
  }
  return {
    run: async (task, signal) => {
      // Loaded with the first task: many a page and program makes its batches on its own thread.
      const before = closings
      const { pool } = await import('./worker-pool.ts')
      if (closings !== before) throw closed()
      throwIfAborted(signal, 'the batch')
      if (!crew || crew.hasEnded) crew = new Crew(pool, options, () => void close())
      return crew.run(task, signal)
    },
    close,
  }
}

const closed = () => new WorkerError('the loader was closed while it was making a batch')

/** The workers between two closings. */
class Crew {
  readonly #pool: workerpool.Pool
  readonly #explain: NonNullable<SamplePoolOptions['explain']>
  readonly #whenIdle: () => void
  readonly #idleLimit: number
  #running = 0
  #idleTimer: ReturnType<typeof setTimeout> | undefined
  #ended: WorkerError | undefined

  constructor(
    pool: typeof workerpool.pool,
    { script, size, idleLimit = 30_000, explain = messageOf, ...rest }: SamplePoolOptions,
    whenIdle: () => void,
  ) {
    this.#pool = pool(script, { ...rest, maxWorkers: size })
    this.#explain = explain
    this.#whenIdle = whenIdle
    this.#idleLimit = idleLimit
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  async run(task: SampleTask, signal: AbortSignal): Promise<TaskResult> {
    let job: ReturnType<workerpool.Pool['exec']> | undefined
    const cancel = () => void job?.cancel()
    signal.addEventListener('abort', cancel)
    this.#count(1)
    try {
      job = this.#pool.exec('run', [task])
      return (await job) as TaskResult
    } catch (error) {
      if (signal.aborted) throw new AbortError('the batch is no longer wanted', { cause: error })
      if (!this.#ended) void this.end(describeDeath(error, await this.#explain(error), task))
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
function threadsOf(pool: workerpool.Pool): Thread[] {
  const { workers } = pool as unknown as { readonly workers: readonly { readonly worker: Thread | null }[] }
  return workers.flatMap(({ worker }) => worker ?? [])
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function describeDeath(error: unknown, message: string, { items }: SampleTask): WorkerError {
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
