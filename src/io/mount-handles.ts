import type { MountedFile } from '#platform'

import { FileSystemError } from '../core/errors.ts'

/** Files below the handle of a folder, by their paths. */
export async function filesOfHandle(
  folder: FileSystemDirectoryHandle,
  path = '',
  found = new Map<string, MountedFile>(),
): Promise<Map<string, MountedFile>> {
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'directory') await filesOfHandle(handle, `${path}${name}/`, found)
    else found.set(path + name, asIs(await handle.getFile()))
  }
  return found
}

/** What was dropped: files, and all that is below folders. */
export async function filesOfDrop({ items }: DataTransfer): Promise<Map<string, MountedFile>> {
  // Before anything is waited for: afterwards the browser has emptied the list.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  const found = new Map<string, MountedFile>()
  for (const entry of entries) await walk(entry, '', found)
  return found
}

async function walk(entry: FileSystemEntry, path: string, found: Map<string, MountedFile>): Promise<void> {
  if (entry.isFile) {
    found.set(path + entry.name, asIs(await fileOf(entry as FileSystemFileEntry)))
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  // A hundred at a time, until there are none.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject)
    })
    if (entries.length === 0) return
    for (const below of entries) await walk(below, `${path}${entry.name}/`, found)
  }
}

async function fileOf(entry: FileSystemFileEntry): Promise<File> {
  try {
    return await new Promise((resolve, reject) => {
      entry.file(resolve, reject)
    })
  } catch (cause) {
    throw new FileSystemError(`can't read ${entry.fullPath}: check that it is still there and may be read`, {
      cause,
    })
  }
}

function asIs(file: File): MountedFile {
  return { from: file, lastModified: file.lastModified }
}
