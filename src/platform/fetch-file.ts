/** Files of servers, and why one can't be had: browsers tell pages no more than "failed to fetch". The same in Node and in pages. */
import { AbortError, FileSystemError } from '../core/errors.ts'

/**
 * Fetches a whole file; `url` may be `blob:` and `data:` too. Throws {@link FileSystemError}.
 *
 * @param path - What to call it in messages.
 */
export async function fetchFile(
  url: string,
  signal?: AbortSignal,
  path = url,
): Promise<Uint8Array<ArrayBuffer>> {
  const fail = (how: string, cause?: unknown) =>
    new FileSystemError(`can't read ${path}: ${how}`, cause === undefined ? undefined : { cause })
  try {
    const response = await fetch(url, { signal: signal ?? null })
    if (!response.ok) throw fail(`the server answered ${response.status} ${response.statusText}`.trimEnd())
    if (isPage(response)) throw fail('the server sent a web page in its place, so it has no such file')
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    if (error instanceof FileSystemError) throw error
    if (signal?.aborted) throw new AbortError(`reading ${path} was aborted`, { cause: signal.reason })
    throw fail(await whyUnreachable(url), error)
  }
}

/** Servers of single-page applications send one for each file that they don't have. */
function isPage({ headers, url }: Response): boolean {
  const type = headers.get('content-type') ?? ''
  return type.startsWith('text/html') && /^https?:/.test(url) && !/(\.html?|\/)$/.test(new URL(url).pathname)
}

const page = globalThis as {
  readonly location?: Location
  readonly document?: Document
  readonly navigator?: Partial<Navigator>
}

/** Whether a URL is another server's than the page's: such answer as they like to pages. Never in Node. */
export function isCrossOrigin(url: string): boolean {
  if (!page.location) return false
  const { origin, protocol } = new URL(url, page.document?.baseURI ?? page.location.href)
  return /^https?:$/.test(protocol) && origin !== page.location.origin
}

/** Whether this device has no network at all; not always can that be told. */
export function isOffline(): boolean {
  return page.navigator?.onLine === false
}

/** Why a request failed, and what to do. */
export async function whyUnreachable(url: string): Promise<string> {
  if (isOffline()) return 'this device is offline: connect it, or give the file as a File'
  if (!page.location) return "the server can't be reached: check the address and the network"
  if (isCrossOrigin(url))
    return (await refusesOthers(url)) ? refusal(url) : `${refusal(url)}; or it can't be reached`
  return "the server can't be reached, or the page's Content-Security-Policy (its directive connect-src) forbids it"
}

/**
 * Whether a server is there, and only doesn't let pages of other origins read. False where that can't be told, as in pages that
 * are isolated from others.
 */
export async function refusesOthers(url: string): Promise<boolean> {
  if (isOffline() || !isCrossOrigin(url)) return false
  // Nobody can read the answer to this one, so it comes without the server's leave.
  return fetch(url, { method: 'HEAD', mode: 'no-cors' }).then(
    () => true,
    () => false,
  )
}

/** That a server refuses, and what to do. */
export function refusal(url: string): string {
  return (
    `the server ${new URL(url).host} doesn't allow pages of other origins to read it (CORS): download the file yourself and ` +
    'give it as a File, or serve it from your own origin'
  )
}
