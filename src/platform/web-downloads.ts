import type { DownloadCache, PartialDownload } from './download-cache.ts'
import { fileSystemError, folderAt, privateFile } from './web-opfs.ts'

/** A folder of downloads in the page's private file system. One that isn't finished is beside it, `NAME.partial`. */
export async function openDownloadCache(directory = 'downloads'): Promise<DownloadCache> {
  const path = directory.split('/').filter(Boolean)
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

/** The browser knows its proxies. */
export function networkAdvice(): string {
  return globalThis.navigator.onLine
    ? ' Servers must allow pages of other sites to read a file (CORS): if this one doesn’t, download it yourself and give the file.'
    : ' This device is offline.'
}

/** WebCrypto hashes no streams: a file is read whole. */
async function hashOf(file: File): Promise<string> {
  const hash = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Two tabs that download the same file write each to its own. */
async function lockPartial(name: string): Promise<{ name: string; release: () => void }> {
  const { promise: held, resolve: release } = withResolvers()
  const isOurs = await new Promise<boolean>((resolve) => {
    void globalThis.navigator.locks.request(`onnx-finetune ${name}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null)
      return lock ? held : undefined
    })
  })
  return { name: isOurs ? `${name}.partial` : `${name}.${Date.now()}.partial`, release }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve }
}

interface Movable {
  move(name: string): Promise<void>
}

class Partial implements PartialDownload {
  /** What is written is there for others, and after a reload, once this is closed. */
  #writable: FileSystemWritableFileStream | undefined

  private constructor(
    private readonly folder: FileSystemDirectoryHandle,
    private readonly name: string,
    private readonly path: string,
    private readonly lock: { readonly name: string; readonly release: () => void },
    private readonly file: FileSystemFileHandle,
    public size: number,
    public validator: string | undefined,
  ) {}

  static async open(folder: FileSystemDirectoryHandle, name: string, path: string): Promise<Partial> {
    const lock = await lockPartial(name)
    const file = await folder.getFileHandle(lock.name, { create: true })
    const { size } = await file.getFile()
    const mark = await folder.getFileHandle(`${lock.name}.validator`).catch(() => undefined)
    const validator = await (await mark?.getFile())?.text()
    return new Partial(folder, name, path, lock, file, size, validator)
  }

  restart(validator: string | undefined): Promise<void> {
    return this.#guarded(async () => {
      // In this order, a tab that is closed in between leaves no data with another version's mark.
      await this.folder.removeEntry(`${this.lock.name}.validator`).catch(() => undefined)
      await this.#writable?.abort()
      this.#writable = await this.file.createWritable()
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
      await this.#writable.write(bytes as Uint8Array<ArrayBuffer>)
      this.size += bytes.length
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
      await (this.file as FileSystemFileHandle & Movable).move(this.name)
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
    const writable = await this.file.createWritable({ keepExistingData: true })
    await writable.seek(this.size)
    return writable
  }

  async #flush(): Promise<void> {
    const writable = this.#writable
    this.#writable = undefined
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
