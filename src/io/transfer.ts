import { isCrossOrigin, whyRefused } from '#platform'

import { DownloadError } from '../core/errors.ts'
import type { PartialDownload } from '../platform/download-cache.ts'
import { PassingFault } from './retry.ts'

/** One transfer over HTTP, of the bytes that a partial download lacks. */
export interface Transfer {
  readonly url: string
  readonly partial: PartialDownload
  /** How long the server may send nothing, in milliseconds. */
  readonly stallTimeout: number
  readonly signal: AbortSignal | undefined
  /** Told after each piece: bytes so far, and in all where the server says so. */
  readonly onProgress: (received: number, total: number | undefined) => void
}

/**
 * Asks for the file, or for the rest of it, and appends what comes.
 *
 * @throws {@link PassingFault} where another try may help, with all that came kept in `partial`.
 * @throws {@link DownloadError} where it can't.
 */
export async function transfer(job: Transfer): Promise<void> {
  const watch = new StallWatch(job.stallTimeout, job.signal)
  try {
    const response = await ask(job, watch.signal)
    if (isComplete(response, job.partial)) return
    await check(response, job)
    await receive(response, job, watch)
  } catch (error) {
    if (watch.isStalled) throw new PassingFault(`the server sent nothing for ${job.stallTimeout / 1000} s`)
    throw error
  } finally {
    watch.end()
  }
}

async function ask({ url, partial }: Transfer, signal: AbortSignal): Promise<Response> {
  // The bytes as they are: ranges and lengths count those, not what a compression makes of them.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (partial.size > 0 && partial.validator !== undefined) {
    headers.range = `bytes=${partial.size}-`
    // The rest only of the same version; else the whole of the new one.
    headers['if-range'] = partial.validator
  }
  try {
    return await network(fetch(url, { headers, signal }))
  } catch (error) {
    if (!(error instanceof PassingFault)) throw error
    // Of a page's browser another server must first allow such a question, which few do: then for the whole file.
    if (headers.range !== undefined && isCrossOrigin(url)) return network(fetch(url, { signal }))
    const refused = await whyRefused(url)
    if (refused !== undefined) throw new DownloadError(refused, url, undefined, { cause: error })
    throw error
  }
}

/** Whatever befalls a connection may pass. fetch throws TypeErrors for it; the reason is their cause. */
async function network<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof TypeError ? new PassingFault(reasonOf(error), 0, { cause: error }) : error
  }
}

/** Whether nothing is left to ask for: a process that died just before its end left it so. */
function isComplete(response: Response, partial: PartialDownload): boolean {
  if (response.status !== 416) return false
  const total = /^bytes \*\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]
  return partial.size > 0 && Number(total) === partial.size
}

/** Leaves `partial` as long as the response begins at. */
async function check(response: Response, { url, partial }: Transfer): Promise<void> {
  const { status, headers } = response
  const refuse = async (how: string): Promise<never> => {
    await partial.restart(undefined)
    throw new PassingFault(how)
  }
  if (status === 416) return refuse('the server refused the rest of the file')
  if (status === 206) {
    const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]
    if (Number(start) !== partial.size) return refuse('the server sent another part than asked for')
    return
  }
  if (status !== 200) throw answerFault(response, url)
  if (url.startsWith('https:') && !response.url.startsWith('https:')) {
    throw new DownloadError(
      `the server sent ${url} on to ${response.url}, which isn't encrypted: give that URL if you trust it`,
      url,
    )
  }
  await partial.restart(validatorOf(headers))
}

/** Too early, too many, or the server's own trouble; other answers stay what they are. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504, 507, 509, 520, 521, 522, 523, 524])

function answerFault({ status, statusText, headers }: Response, url: string): Error {
  const answer = `the server answered ${`${status} ${statusText}`.trim()}`
  return passing.has(status)
    ? new PassingFault(answer, retryAfter(headers.get('retry-after')))
    : new DownloadError(answer, url, status)
}

/** Milliseconds, from seconds or a date. */
function retryAfter(text: string | null): number {
  if (text === null) return 0
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(wait) ? 0 : Math.max(0, wait)
}

/** What tells versions apart byte by byte: no weak ETag does. Compressed bytes can't be counted, so not resumed. */
function validatorOf(headers: Headers): string | undefined {
  if (isEncoded(headers)) return undefined
  const etag = headers.get('etag')
  return etag?.startsWith('"') ? etag : (headers.get('last-modified') ?? undefined)
}

const isEncoded = (headers: Headers): boolean =>
  (headers.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity'

async function receive(
  { body, headers }: Response,
  { partial, onProgress }: Transfer,
  watch: StallWatch,
): Promise<void> {
  const total = totalOf(headers, partial.size)
  onProgress(partial.size, total)
  const reader = body?.getReader()
  for (;;) {
    watch.touch()
    const piece = reader && (await network(reader.read()))
    if (!piece || piece.done) break
    await partial.append(piece.value)
    onProgress(partial.size, total)
  }
  if (total !== undefined && partial.size < total) {
    throw new PassingFault(`the connection ended after ${partial.size} of ${total} bytes`)
  }
}

/** Bytes of the whole file, where the server says so. */
function totalOf(headers: Headers, before: number): number | undefined {
  const whole = /\/(\d+)$/.exec(headers.get('content-range') ?? '')?.[1]
  if (whole !== undefined) return Number(whole)
  const length = isEncoded(headers) ? null : headers.get('content-length')
  return length === null ? undefined : before + Number(length)
}

/** Aborts when nothing has come for a while, or with the caller's signal. */
class StallWatch {
  readonly #controller = new AbortController()
  readonly signal: AbortSignal
  isStalled = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly timeout: number,
    signal: AbortSignal | undefined,
  ) {
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal
    this.touch()
  }

  touch(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.isStalled = true
      this.#controller.abort()
    }, this.timeout)
  }

  /** Closes the connection, if it isn't. */
  end(): void {
    clearTimeout(this.#timer)
    this.#controller.abort()
  }
}

function reasonOf(error: TypeError): string {
  const { cause } = error
  return cause instanceof Error ? cause.message || cause.name : error.message
}
