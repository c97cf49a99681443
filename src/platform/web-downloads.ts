import type { DownloadCache, PartialDownload } from './download-cache.ts'
import { isCrossOrigin, isOffline, refusal } from './fetch-file.ts'
import { takeLock, type Release } from './web-locks.ts'
import { fileSystemError, folderAt, privateFile, type MovableFile } from './web-opfs.ts'
import { namesOf } from './web-paths.ts'
import { openWritable, unshared } from './web-write.ts'

/** A folder of downloads in the page's private file system. One that isn't finished is beside it, `NAME.partial`. */
export async function openDownloadCache(directory = 'downloads'): Promise<DownloadCache> {
  const path = namesOf(directory)
  const folder = await guarded('make the folder', directory, () => folderAt(path, { create: true }))
  const pathOf = (name: string) => [...path, name].join('/')
  return {
    pathOf,
    sha256: async (name) => {
      const file = await privateFile(pathOf(name))
      return file && hashOf(file)
    },
    openPartial: (name) => guarded('write', pathOf(name), () => Partial.open(folder, name, pathOf(name))),
  }
}

/** The browser knows its proxies; what it tells nobody is why a request failed. */
export function networkAdvice(url: string): string {
  if (isOffline()) return ' This device is offline.'
  // Where that is certain, it was said before: see `whyRefused`.
  return isCrossOrigin(url) ? ` If the server is there: ${refusal(url)}.` : ''
}

/** What to do where a download failed for good. */
export function downloadRemedy(): string {
  return 'Try again later, or download the file in another way and give it as a File'
}

/** WebCrypto hashes no streams: a file is read whole. */
async function hashOf(file: File): Promise<string> {
  const hash = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

interface Lock {
  readonly name: string
  readonly release: Release
}

/** Two tabs that download the same file write each to its own: the first that nobody else writes to, as a closed tab has left it. */
async function lockPartial(name: string, path: string): Promise<Lock> {
  for (let number = 0; ; number++) {
    const own = number === 0 ? `${name}.partial` : `${name}.${number}.partial`
    const release = await takeLock(`downloads ${path} ${number}`, true)
    if (release) return { name: own, release }
  }
}

/**
 * A browser keeps what was written once the file is closed, and copies it to go on: so the more there is, the rarer. In all it
 * copies four times the file at most.
 */
const keptEvery = (size: number) => Math.max(8 << 20, size / 4)

class Partial implements PartialDownload {
  /** What is written is there for others, and after a reload, once this is closed. */
  #writable: FileSystemWritableFileStream | undefined
  #unkept = 0

  private constructor(
    private readonly folder: FileSystemDirectoryHandle,
    private readonly name: string,
    private readonly path: string,
    private readonly lock: Lock,
    private readonly file: FileSystemFileHandle,
    public size: number,
    public validator: string | undefined,
  ) {}

  static async open(folder: FileSystemDirectoryHandle, name: string, path: string): Promise<Partial> {
    const lock = await lockPartial(name, path)
    try {
      const file = await folder.getFileHandle(lock.name, { create: true })
      const { size } = await file.getFile()
      const mark = await folder.getFileHandle(`${lock.name}.validator`).catch(() => undefined)
      const validator = await (await mark?.getFile())?.text()
      return new Partial(folder, name, path, lock, file, size, validator)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  restart(validator: string | undefined): Promise<void> {
    return this.#guarded(async () => {
      // In this order, a tab that is closed in between leaves no data with another version's mark.
      await this.folder.removeEntry(`${this.lock.name}.validator`).catch(() => undefined)
      await this.#writable?.abort()
      this.#writable = await openWritable(this.file)
      await this.#flush()
      this.size = 0
      if (validator !== undefined) {
        const mark = await this.folder.getFileHandle(`${this.lock.name}.validator`, { create: true })
        const writable = await mark.createWritable()
        await writable.write(validator)
        await writable.close()
      }
      this.validator = validator
    })
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#guarded(async () => {
      this.#writable ??= await this.#openAtEnd()
      await this.#writable.write(unshared(bytes))
      this.size += bytes.length
      this.#unkept += bytes.length
      if (this.#unkept >= keptEvery(this.size)) await this.#flush()
    })
  }

  sha256(): Promise<string> {
    return this.#guarded(async () => {
      await this.#flush()
      return hashOf(await this.file.getFile())
    })
  }

  async commit(): Promise<void> {
    await this.#guarded(async () => {
      await this.#flush()
      await (this.file as MovableFile).move(this.name)
    })
    await this.discard()
  }

  async close(): Promise<void> {
    await this.#flush().catch(() => undefined)
    this.lock.release()
  }

  async discard(): Promise<void> {
    await this.#writable?.abort().catch(() => undefined)
    this.#writable = undefined
    for (const name of [this.lock.name, `${this.lock.name}.validator`]) {
      await this.folder.removeEntry(name).catch(() => undefined)
    }
    this.lock.release()
  }

  async #openAtEnd(): Promise<FileSystemWritableFileStream> {
    const writable = await openWritable(this.file, { keepExistingData: true })
    await writable.seek(this.size)
    return writable
  }

  async #flush(): Promise<void> {
    const writable = this.#writable
    this.#writable = undefined
    this.#unkept = 0
    await writable?.close()
  }

  #guarded<T>(action: () => Promise<T>): Promise<T> {
    return guarded('write', this.path, action)
  }
}

async function guarded<T>(verb: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    throw await fileSystemError(verb, path, error)
  }
}
