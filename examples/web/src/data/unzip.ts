import { unzip } from 'fflate'

import type { IncomingFile } from './picture.ts'

/** Whether a file is a .zip, by its name or type. */
export function isZip({ path, file }: IncomingFile): boolean {
  return /\.zip$/i.test(path) || file.type === 'application/zip'
}

/** What is in a .zip. Large files in it are unpacked in workers. */
export async function filesOfZip({ path, file }: IncomingFile): Promise<IncomingFile[]> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const unpacked = await new Promise<Record<string, Uint8Array>>((resolve, reject) => {
    unzip(bytes, { filter: ({ name }) => !name.endsWith('/') }, (error, files) => {
      if (error)
        reject(new Error(`${path} can’t be unpacked: ${error.message}. Pack it again, or give the folder.`))
      else resolve(files)
    })
  })
  return Object.entries(unpacked).map(([name, content]) => ({
    path: name,
    file: new Blob([content as Uint8Array<ArrayBuffer>]),
  }))
}
