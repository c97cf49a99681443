import { mountFiles } from 'onnx-finetune'

import { inStore } from '../storage/database.ts'

const key = 'weights'

/** Keeps a weights file for the training, also after a reload. */
export async function keepWeights(file: File): Promise<void> {
  await inStore('files', 'readwrite', (store) => store.put(file, key))
}

/** The kept file as a path of the library's. */
export async function keptWeights(): Promise<string> {
  const file = await inStore<File | undefined>(
    'files',
    'readonly',
    (store) => store.get(key) as IDBRequest<File | undefined>,
  )
  if (!file) throw new Error('The weights file is no longer there: pick it again.')
  return `${await mountFiles({ [file.name]: file })}/${file.name}`
}
