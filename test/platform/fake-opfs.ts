/** The private file system of a page, in memory, as far as the library uses it: what a stream holds is there once it's closed. */

const notFound = () => new DOMException('not there', 'NotFoundError')
const mismatch = () => new DOMException('the other kind', 'TypeMismatchError')

/** A folder. */
export class FakeFolder {
  readonly kind = 'directory'
  readonly children = new Map<string, FakeFolder | FakeFile>()

  /** @param room - Bytes that may still be written. */
  constructor(readonly room: { left: number }) {}

  getDirectoryHandle(name: string, { create = false } = {}): Promise<FakeFolder> {
    if (create && !this.children.has(name)) this.children.set(name, new FakeFolder(this.room))
    const found = this.children.get(name)
    if (found instanceof FakeFolder) return Promise.resolve(found)
    return Promise.reject(found ? mismatch() : notFound())
  }

  getFileHandle(name: string, { create = false } = {}): Promise<FakeFile> {
    if (create && !this.children.has(name)) this.children.set(name, new FakeFile(this, name))
    const found = this.children.get(name)
    if (found instanceof FakeFile) return Promise.resolve(found)
    return Promise.reject(found ? mismatch() : notFound())
  }

  removeEntry(name: string): Promise<void> {
    return this.children.delete(name) ? Promise.resolve() : Promise.reject(notFound())
  }

  async *entries(): AsyncGenerator<[string, FakeFolder | FakeFile]> {
    await Promise.resolve()
    yield* this.children
  }
}

/** A file. */
export class FakeFile {
  readonly kind = 'file'
  content = new Blob()

  constructor(
    readonly folder: FakeFolder,
    public name: string,
  ) {}

  getFile(): Promise<File> {
    return Promise.resolve(new File([this.content], this.name))
  }

  move(name: string): Promise<void> {
    if (this.folder.children.get(name) instanceof FakeFolder) return Promise.reject(mismatch())
    this.folder.children.delete(this.name)
    this.folder.children.set((this.name = name), this)
    return Promise.resolve()
  }

  createWritable() {
    const pieces: BlobPart[] = []
    return Promise.resolve({
      write: (piece: string | Uint8Array<ArrayBuffer>) => {
        this.folder.room.left -= piece.length
        if (this.folder.room.left < 0)
          return Promise.reject(new DOMException('the quota', 'QuotaExceededError'))
        // The memory may be used again.
        pieces.push(typeof piece === 'string' ? piece : piece.slice())
        return Promise.resolve()
      },
      close: () => {
        this.content = new Blob(pieces)
        return Promise.resolve()
      },
      abort: () => Promise.resolve(),
    })
  }
}
