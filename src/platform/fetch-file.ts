/** Files of servers, and why one can't be had: browsers tell pages no more than "failed to fetch". The same in Node and in pages. */
import { AbortError, FileSystemError } from '../core/errors.ts'
import { blockingDirective, watchPolicy } from './web-explain.ts'

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
  const { origin, protocol } = absolute(url)
  return /^https?:$/.test(protocol) && origin !== page.location.origin
}

/** Whether this device has no network at all; not always can that be told. */
export function isOffline(): boolean {
  return page.navigator?.onLine === false
}

/** Why a request failed, and what to do. */
export async function whyUnreachable(url: string): Promise<string> {
  if (isOffline()) return 'this device is offline: connect it, or give the file as a File'
  const refused = await whyRefused(url)
  if (refused !== undefined) return refused
  return isCrossOrigin(url)
    ? `${refusal(url)}; or it can't be reached`
    : "the server can't be reached: check the address and the network"
}

/**
 * Why a page may not have a file, however often it asks: its own policy forbids that, or a server that is there doesn't let pages
 * of other origins read. `undefined` where it may, or that can't be told, as in pages that are isolated from others.
 */
export async function whyRefused(url: string): Promise<string | undefined> {
  if (!page.location || isOffline()) return undefined
  watchPolicy()
  const isThere = await answers(url)
  if (isThere) return isCrossOrigin(url) ? refusal(url) : undefined
  // Browsers tell of what a policy has blocked a moment after they have blocked it.
  await new Promise((resolve) => setTimeout(resolve))
  const directive = blockingDirective(absolute(url).href)
  return directive === undefined ? undefined : forbidden(url, directive)
}

/** Nobody can read the answer to this question, so it comes without the server's leave. */
function answers(url: string): Promise<boolean> {
  return fetch(url, { method: 'HEAD', mode: 'no-cors' }).then(
    () => true,
    () => false,
  )
}

function forbidden(url: string, directive: string): string {
  const source = isCrossOrigin(url) ? absolute(url).origin : "'self'"
  return `the page's Content-Security-Policy forbids it: add ${source} to its directive ${directive}, or give the file as a File`
}

/** As the page resolves it. */
function absolute(url: string): URL {
  return new URL(url, page.document?.baseURI ?? page.location?.href)
}

/** That a server refuses, and what to do. */
export function refusal(url: string): string {
  return (
    `the server ${new URL(url).host} doesn't allow pages of other origins to read it (CORS): download the file yourself and ` +
    'give it as a File, or serve it from your own origin'
  )
}
