/** Files from what browsers hand out: an input, a drop with folders in it, a paste. */
import type { IncomingFile } from './picture.ts'

/** The files of `<input type="file">`, with their place in the folder that was picked. */
export function filesOfInput(files: Iterable<File>): IncomingFile[] {
  return Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }))
}

/** What was dropped, folders within folders too. Must be called in the event itself: the list is empty after it. */
export function filesOfDrop(transfer: DataTransfer): Promise<IncomingFile[]> {
  const entries = Array.from(transfer.items, (item) => item.webkitGetAsEntry()).filter(
    (entry) => entry !== null,
  )
  if (entries.length === 0) return Promise.resolve(filesOfInput(transfer.files))
  return Promise.all(entries.map((entry) => filesBelow(entry))).then((lists) => lists.flat())
}

/** The pictures of the clipboard; they have no names of their own. */
export function filesOfPaste(clipboard: DataTransfer): IncomingFile[] {
  const time = new Date().toISOString().replace(/[:.]/g, '-')
  return Array.from(clipboard.files, (file, index) => ({
    path: `pasted-${time}-${index}-${file.name}`,
    file,
  }))
}

async function filesBelow(entry: FileSystemEntry): Promise<IncomingFile[]> {
  if (entry.isFile) {
    const file = await fileOf(entry as FileSystemFileEntry)
    return [{ path: entry.fullPath.replace(/^\//, ''), file }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: IncomingFile[] = []
  // A browser gives a hundred at a time, and an empty list at the end.
  for (let entries; (entries = await nextEntries(reader)).length > 0;) {
    found.push(...(await Promise.all(entries.map((each) => filesBelow(each)))).flat())
  }
  return found
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject)
  })
}

function nextEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((resolve, reject) => {
    reader.readEntries(resolve, reject)
  })
}
