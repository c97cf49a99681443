import { joinPath, listDirectory, makeDirectory, readFile, removeFile, writeFile } from '#platform'

/** Where checkpoints lie: a folder, by the names of its files. */
export interface CheckpointStore {
  /** A file's path, for messages. */
  path(name: string): string
  list(): Promise<string[]>
  read(name: string): Promise<Uint8Array<ArrayBuffer>>
  /** The file is there whole, and outlives a loss of power, or what stood there before is untouched. */
  write(name: string, bytes: string | AsyncIterable<Uint8Array>): Promise<void>
  /** No error where there is none. */
  remove(name: string): Promise<void>
}

/** A folder of the file system. */
export function directoryStore(directory: string): CheckpointStore {
  const path = (name: string) => joinPath(directory, name)
  return {
    path,
    list: async () => {
      const entries = await listDirectory(directory)
      return entries.filter(({ isDirectory }) => !isDirectory).map(({ name }) => name)
    },
    read: (name) => readFile(path(name)),
    write: (name, bytes) => writeFile(path(name), bytes),
    remove: (name) => removeFile(path(name)),
  }
}

/** The same, made first where it isn't there. */
export async function openDirectoryStore(directory: string): Promise<CheckpointStore> {
  await makeDirectory(directory)
  return directoryStore(directory)
}
