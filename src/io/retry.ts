import { throwIfAborted } from '../core/errors.ts'

/** A try that failed in a way that another one may not. */
export class PassingFault extends Error {
  override readonly name = 'PassingFault'

  constructor(
    message: string,
    /** How long to wait at least, in milliseconds: a server's `Retry-After`. */
    readonly retryAfter = 0,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** How often and how slowly to try. */
export interface RetryPolicy {
  /** Further tries in a row without progress. */
  readonly retries: number
  /** Wait before the first of them, in milliseconds; each further one is twice as long, up to half a minute. */
  readonly delay: number
  readonly signal: AbortSignal | undefined
  /** What is tried, for the message of an abort. */
  readonly what: string
}

const longestDelay = 30_000
const longestRetryAfter = 120_000

/**
 * Tries until it succeeds, fails for good, or has failed in passing too often in a row without getting further.
 *
 * @param attempt - Throws {@link PassingFault} where another try may help.
 * @param progress - How far it has got: as long as that grows, tries don't count, so that a line that breaks every few
 * megabytes still brings a large file.
 * @throws The last fault.
 */
export async function retrying<T>(
  policy: RetryPolicy,
  attempt: () => Promise<T>,
  progress: () => number,
): Promise<T> {
  const { signal, what } = policy
  let furthest = progress()
  for (let failures = 0; ;) {
    throwIfAborted(signal, what)
    try {
      return await attempt()
    } catch (error) {
      throwIfAborted(signal, what)
      if (!(error instanceof PassingFault)) throw error
      const hasProgress = progress() > furthest
      furthest = Math.max(furthest, progress())
      failures = hasProgress ? 1 : failures + 1
      if (failures > policy.retries) throw error
      await sleep(waitFor(failures, policy.delay, error.retryAfter), signal)
    }
  }
}

/** Twice as long each time, less up to a half by chance: processes that failed together don't come again together. */
function waitFor(failures: number, delay: number, retryAfter: number): number {
  const longest = Math.min(longestDelay, delay * 2 ** (failures - 1))
  return Math.max(longest * (1 - Math.random() / 2), Math.min(retryAfter, longestRetryAfter))
}

/** Ends early, without an error, when aborted. */
function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    signal?.addEventListener('abort', done)
    if (signal?.aborted) done()
  })
}
