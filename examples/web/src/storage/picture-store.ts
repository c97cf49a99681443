import type { Picture } from '../data/picture.ts'
import { notify } from '../state/notices.ts'
import { keep, readKept } from './kept.ts'
import { inStore } from './database.ts'

const classNamesKey = 'onnx-finetune.classes'

/** Keeps pictures for the next visit; where there is no room, says so and goes on. */
export async function keepPictures(pictures: readonly Picture[]): Promise<void> {
  try {
    await inStore('pictures', 'readwrite', (store) => {
      for (const picture of pictures) store.put(picture)
      return undefined
    })
  } catch {
    notify(
      'warning',
      'The browser has no room to keep the pictures: after a reload they must be added again. Training works all the same.',
    )
  }
}

/** Forgets pictures; all of them without a list. */
export async function forgetPictures(ids?: readonly number[]): Promise<void> {
  await inStore('pictures', 'readwrite', (store) => {
    if (!ids) return store.clear()
    for (const id of ids) store.delete(id)
    return undefined
  }).catch(() => undefined)
}

/** The pictures of the last visit. */
export async function keptPictures(): Promise<readonly Picture[]> {
  const kept = await inStore<Picture[]>(
    'pictures',
    'readonly',
    (store) => store.getAll() as IDBRequest<Picture[]>,
  )
  return kept ?? []
}

/** Names of classes, of which some may have no pictures yet. */
export const keptClassNames = (): readonly string[] => (readKept(classNamesKey) as string[] | undefined) ?? []

/** Keeps the names for the next visit. */
export function keepClassNames(names: readonly string[]): void {
  keep(classNamesKey, names)
}
