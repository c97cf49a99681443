import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import {
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

import type { DownloadCache, PartialDownload } from './download-cache.ts'
import { fileSystemError } from './node-files.ts'

/**
 * A folder of downloads. One that isn't finished is a folder of its own, `NAME.HOST-PID-THREAD-N.partial`, with the data
 * so far and what says which version of the file they are of: nobody else writes there, and renaming it is how another
 * process takes over what a dead one left.
 */
export async function openDownloadCache(directory = defaultDirectory()): Promise<DownloadCache> {
  await guarded('create', directory, () => mkdir(directory, { recursive: true }))
  return {
    pathOf: (name) => join(directory, name),
    sha256: async (name) => {
      const path = join(directory, name)
      const isThere = await stat(path).then(
        (found) => found.isFile(),
        () => false,
      )
      return isThere ? hashOf(path) : undefined
    },
    openPartial: (name) => guarded('write', join(directory, name), () => openPartial(directory, name)),
  }
}

/** `ONNX_FINETUNE_CACHE`, else the folder for caches of the XDG base directories. */
function defaultDirectory(): string {
  // Empty is unset, as the XDG specification has it.
  const { ONNX_FINETUNE_CACHE: own = '', XDG_CACHE_HOME: caches = '' } = process.env
  if (own !== '') return own
  return join(caches === '' ? join(homedir(), '.cache') : caches, 'onnx-finetune')
}

/** What may be missing in the environment where a download failed, as a sentence; or nothing. */
export function networkAdvice(_url?: string, environment: NodeJS.ProcessEnv = process.env): string {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy']
  const set = names.find((name) => environment[name])
  if (set === undefined || environment.NODE_USE_ENV_PROXY) return ''
  return ` ${set} is set, but Node's fetch heeds it only with NODE_USE_ENV_PROXY=1 (Node 22.21, 24.5 and later).`
}

/** What to do where a download failed for good. */
export function downloadRemedy(path: string): string {
  return `Try again later, or get the file in another way and put it there: ${path}`
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await guarded('read', path, async () => {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  })
  return hash.digest('hex')
}

/** Folders of this thread's own running downloads. */
const running = new Set<string>()
let count = 0

async function openPartial(directory: string, name: string): Promise<PartialDownload> {
  const folder = `${name}.${hostname()}-${process.pid}-${threadId}-${count++}.partial`
  running.add(folder)
  try {
    if (!(await adopt(directory, name, folder))) await mkdir(join(directory, folder))
    return await Partial.open(directory, folder, name)
  } catch (error) {
    running.delete(folder)
    throw error
  }
}

/** Takes over what a dead download of the same name left; of several the longest, and removes the others. */
async function adopt(directory: string, name: string, folder: string): Promise<boolean> {
  const orphans: { readonly path: string; readonly size: number }[] = []
  for (const entry of await readdir(directory)) {
    if (!entry.startsWith(`${name}.`) || entry === folder) continue
    const path = join(directory, entry)
    const found = await stat(join(path, 'data')).catch(() => undefined)
    if (isOrphan(entry.slice(name.length + 1), entry, found?.mtimeMs))
      orphans.push({ path, size: found?.size ?? 0 })
  }
  let isAdopted = false
  for (const { path } of orphans.sort((a, b) => b.size - a.size)) {
    if (isAdopted) await rm(path, { recursive: true, force: true })
    // Another process may be quicker: renaming is what only one of them can do.
    else
      isAdopted = await rename(path, join(directory, folder)).then(
        () => true,
        () => false,
      )
  }
  return isAdopted
}

const idleMilliseconds = 24 * 60 * 60 * 1000

/** Whether nobody works on it: its process is gone or, where that can't be known, nothing was written for a day. */
function isOrphan(owner: string, folder: string, writtenAt: number | undefined): boolean {
  const [, host, pid, thread] = /^(.+)-(\d+)-(\d+)-\d+\.partial$/.exec(owner) ?? []
  if (host === undefined) return false
  if (host === hostname()) {
    // A number that a process before had, too, as containers often have.
    const isOwn = Number(pid) === process.pid && Number(thread) === threadId
    if (isOwn ? !running.has(folder) : !isAlive(Number(pid))) return true
  }
  return writtenAt !== undefined && Date.now() - writtenAt > idleMilliseconds && !running.has(folder)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's, but alive.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

class Partial implements PartialDownload {
  private constructor(
    private readonly directory: string,
    private readonly folder: string,
    private readonly name: string,
    private readonly file: FileHandle,
    public size: number,
    public validator: string | undefined,
  ) {}

  static async open(directory: string, folder: string, name: string): Promise<Partial> {
    const file = await open(join(directory, folder, 'data'), 'a')
    const { size } = await file.stat()
    const validator = await readFile(join(directory, folder, 'validator'), 'utf8').catch(() => undefined)
    return new Partial(directory, folder, name, file, size, validator)
  }

  restart(validator: string | undefined): Promise<void> {
    return guarded('write', this.#path(), async () => {
      const path = this.#path('validator')
      // In this order, a process that dies in between leaves no data with another version's mark.
      await rm(path, { force: true })
      if (this.size > 0) await this.file.truncate(0)
      this.size = 0
      if (validator !== undefined) await writeFile(path, validator)
      this.validator = validator
    })
  }

  append(bytes: Uint8Array): Promise<void> {
    return guarded('write', this.#path('data'), async () => {
      await this.file.appendFile(bytes)
      this.size += bytes.length
    })
  }

  sha256(): Promise<string> {
    return hashOf(this.#path('data'))
  }

  async commit(): Promise<void> {
    const target = join(this.directory, this.name)
    await guarded('write', target, async () => {
      await this.file.sync()
      // Windows moves no open file.
      await this.file.close()
      await rename(this.#path('data'), target)
    })
    await this.discard()
  }

  async close(): Promise<void> {
    await this.file.close()
    running.delete(this.folder)
  }

  async discard(): Promise<void> {
    await this.file.close()
    await rm(this.#path(), { recursive: true, force: true })
    running.delete(this.folder)
  }

  #path(...names: string[]): string {
    return join(this.directory, this.folder, ...names)
  }
}

async function guarded<T>(verb: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw fileSystemError(verb, path, error)
  }
}
