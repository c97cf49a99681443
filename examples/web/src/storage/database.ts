/** What stays in this browser after a reload: pictures, and a weights file that was picked. */

const name = 'onnx-finetune-page'
export type StoreName = 'pictures' | 'files'

let opened: Promise<IDBDatabase> | undefined

/** Runs `action` in a transaction, and waits until what it did is kept. */
export async function inStore<T>(
  store: StoreName,
  mode: IDBTransactionMode,
  action: (store: IDBObjectStore) => IDBRequest<T> | undefined,
): Promise<T | undefined> {
  const database = await (opened ??= open())
  const transaction = database.transaction(store, mode)
  const request = action(transaction.objectStore(store))
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => {
      resolve(request?.result)
    }
    transaction.onabort = () => {
      reject(transaction.error ?? new Error('the browser has thrown it away'))
    }
  })
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('pictures', { keyPath: 'id' })
      request.result.createObjectStore('files')
    }
    request.onsuccess = () => {
      resolve(request.result)
    }
    request.onerror = () => {
      opened = undefined
      reject(request.error ?? new Error('the browser has no storage for this page'))
    }
  })
}
