import { downloadRemedy, networkAdvice, openDownloadCache, openProgressBar } from '#platform'

import { ArgumentError, DownloadError, FileSystemError, throwIfAborted } from '../core/errors.ts'
import type { DownloadCache, PartialDownload } from '../platform/download-cache.ts'
import { crc32 } from './crc32.ts'
import { progressOf, type DownloadProgress } from './download-progress.ts'
import { PassingFault, retrying } from './retry.ts'
import { transfer } from './transfer.ts'

/** Options of {@link download}. */
export interface DownloadOptions {
  /** The file's SHA-256 in hexadecimal, or at least its first 8 digits. Default: any file will do. */
  readonly sha256?: string | undefined
  /**
   * The folder that keeps it. Default: what the environment variable `ONNX_FINETUNE_CACHE` says, else
   * `onnx-finetune` in `XDG_CACHE_HOME`, else `~/.cache/onnx-finetune`; in a page `downloads`, among its private files.
   */
  readonly cacheDirectory?: string | undefined
  /** Whether to show a bar on an interactive terminal, or what to tell of the bytes that have come. Default: true. */
  readonly progress?: boolean | ((progress: DownloadProgress) => void) | undefined
  /** Stops it; what has come is kept, and the next call goes on from there. */
  readonly signal?: AbortSignal | undefined
  /** Further tries in a row that bring nothing. Default: 5. */
  readonly retries?: number | undefined
  /** Wait before the first of them, in milliseconds; it doubles each time. Default: 500. */
  readonly retryDelay?: number | undefined
  /** How long the server may send nothing, in milliseconds. Default: 30,000. */
  readonly stallTimeout?: number | undefined
}

/**
 * Downloads a file once: the next call finds it in the cache.
 *
 * A broken download is gone on with, also by a later process; failures that may pass are tried again, more and more
 * slowly. The file appears in the cache whole and checked, or not at all, whatever other processes do meanwhile.
 *
 * Behind a proxy, set `HTTPS_PROXY` and `NODE_USE_ENV_PROXY=1` (Node 22.21, 24.5 and later), or use undici's
 * `setGlobalDispatcher(new EnvHttpProxyAgent())`: the requests are Node's own `fetch`.
 *
 * @param url - `http:` or `https:`.
 * @returns The file's path.
 * @throws {@link DownloadError} if it can't be had, or is another than `sha256` says; names the place to put it by hand.
 * @throws {@link FileSystemError} if the cache can't be written.
 * @throws {@link AbortError} if stopped.
 * @see https://pytorch.org/docs/1.13/hub.html#torch.hub.load_state_dict_from_url
 *
 * @example
 * ```ts
 * import { download, readStateDict } from 'onnx-finetune'
 *
 * const path = await download('https://example.org/flowers-resnet18.safetensors', { sha256: '0f1e2d3c' })
 * const weights = await readStateDict(path)
 * ```
 */
export async function download(url: string | URL, options: DownloadOptions = {}): Promise<string> {
  const address = checkedUrl(url)
  const sha256 = checkedHash(options.sha256)
  throwIfAborted(options.signal, `downloading ${address.href}`)
  const cache = await openDownloadCache(options.cacheDirectory)
  const name = nameOf(address, sha256)
  const found = await cache.sha256(name)
  if (found?.startsWith(sha256)) return cache.pathOf(name)
  try {
    await fetchInto(cache, name, { ...options, sha256 }, address.href)
  } catch (error) {
    throw explained(error, address.href, cache.pathOf(name))
  }
  return cache.pathOf(name)
}

type CheckedOptions = DownloadOptions & { readonly sha256: string }

async function fetchInto(
  cache: DownloadCache,
  name: string,
  options: CheckedOptions,
  url: string,
): Promise<void> {
  const partial = await cache.openPartial(name)
  const progress = progressOf(options.progress, name, openProgressBar)
  try {
    await fill(partial, options, url, progress.update)
    await partial.commit()
  } catch (error) {
    // Where there is no room, the part must not take what is left of it.
    const isWorthless = partial.size === 0 || error instanceof FileSystemError
    await (isWorthless ? partial.discard() : partial.close())
    throw error
  } finally {
    progress.stop()
  }
}

async function fill(
  partial: PartialDownload,
  options: CheckedOptions,
  url: string,
  onProgress: (received: number, total: number | undefined) => void,
): Promise<void> {
  const { sha256, signal, retries = 5, retryDelay = 500, stallTimeout = 30_000 } = options
  const policy = { retries, delay: retryDelay, signal, what: `downloading ${url}` }
  const attempt = async (): Promise<void> => {
    const isResumed = partial.size > 0
    await transfer({ url, partial, stallTimeout, signal, onProgress })
    const found = await partial.sha256()
    if (found.startsWith(sha256)) return
    await partial.restart(undefined)
    // What was there before may have been damaged: once more, from its beginning.
    if (isResumed) throw new PassingFault('the parts of the file make no whole')
    throw new DownloadError(
      `the server sent another file: its SHA-256 begins ${found.slice(0, Math.max(8, sha256.length))}, not ${sha256}`,
      url,
    )
  }
  await retrying(policy, attempt, () => partial.size)
}

function checkedUrl(url: string | URL): URL {
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address && /^https?:$/.test(address.protocol)) return address
  throw new ArgumentError(
    `can't download ${String(url)}: expected a URL that begins with https:// or http://`,
  )
}

function checkedHash(sha256 = ''): string {
  if (sha256 === '' || /^[\da-f]{8,64}$/i.test(sha256)) return sha256.toLowerCase()
  throw new ArgumentError(
    `sha256 must be the file's SHA-256 in hexadecimal, or at least 8 digits of its beginning, not '${sha256}'`,
  )
}

/** The file's own name, made unique by its hash, else by its URL: servers have many a `model.safetensors`. */
function nameOf({ href, pathname }: URL, sha256: string): string {
  const name =
    pathname
      .split('/')
      .at(-1)!
      .replace(/[^\w.-]+/g, '_')
      .slice(-100) || 'weights'
  const mark = sha256.slice(0, 8) || crc32(new TextEncoder().encode(href)).toString(16).padStart(8, '0')
  return name.includes(mark) ? name : `${mark}-${name}`
}

/** A failure with what can be done about it. */
function explained(error: unknown, url: string, path: string): unknown {
  const isOurs = error instanceof DownloadError || error instanceof PassingFault
  if (!isOurs) return error
  const status = error instanceof DownloadError ? error.status : undefined
  const isNetwork = error instanceof PassingFault
  return new DownloadError(
    `can't download ${url}: ${error.message}.${isNetwork ? networkAdvice(url) : ''} ${downloadRemedy(path)}`,
    url,
    status,
    { cause: error },
  )
}
