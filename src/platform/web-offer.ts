import { FileSystemError } from '../core/errors.ts'
import { mountedFile, readMounted } from './mounts.ts'
import { privateFile } from './web-opfs.ts'

/** Long enough for the browser to have begun: it says nothing of when it has. */
const keptFor = 60_000

/** Offers a file to the user as a download. Throws `FileSystemError` where there is none. */
export async function offerDownload(what: string | Blob, name: string): Promise<void> {
  // A file of the private file system stays on disk: the browser copies it from there.
  const blob = typeof what === 'string' ? await fileAt(what) : what
  if (!blob) throw new FileSystemError(`can't offer ${name}: there is no such file among this page's files`)
  const url = URL.createObjectURL(blob)
  const link = globalThis.document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => {
    URL.revokeObjectURL(url)
  }, keptFor)
}

async function fileAt(path: string): Promise<Blob | undefined> {
  const mounted = mountedFile(path)
  return mounted ? new Blob([await readMounted(mounted, path)]) : privateFile(path)
}
