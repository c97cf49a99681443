import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { encodePng, Generator, picture } from 'onnx-finetune'

import type { ServeOptions } from './server.ts'

/** PNG files by path: `train/dark/0.png`. */
export type Pictures = ReadonlyMap<string, Uint8Array>

/** Noise, dark or light: what is learnt in three epochs if pixels and labels arrive as they should; `count` a class and folder. */
export function drawPictures(count: number, width: number, height: number): Pictures {
  const generator = new Generator(1)
  const files = new Map<string, Uint8Array>()
  for (const [folder, name, index] of namesOf(count)) {
    const base = name === 'dark' ? 0 : 155
    const pixels = Uint8Array.from({ length: width * height * 3 }, () => base + 100 * generator.random())
    files.set(`${folder}/${name}/${index}.png`, encodePng(picture(width, height, 3, pixels)))
  }
  return files
}

/** Routes of a server: the pictures under `/pictures/`, and `/pictures/manifest.json` for `mountFiles`. */
export function routesOf(pictures: Pictures): NonNullable<ServeOptions['routes']> {
  const bodies = [...pictures, ['manifest.json', JSON.stringify([...pictures.keys()])] as const]
  return Object.fromEntries(
    bodies.map(([path, body]) => [`/pictures/${path}`, (_, response) => void response.end(body)]),
  )
}

/** Writes them below a folder. */
export async function writePictures(pictures: Pictures, folder: string): Promise<void> {
  for (const [path, bytes] of pictures) {
    const file = join(folder, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, bytes)
  }
}

const namesOf = (count: number) =>
  ['train', 'val'].flatMap((folder) =>
    ['dark', 'light'].flatMap((name) =>
      Array.from({ length: count }, (_, index) => [folder, name, index] as const),
    ),
  )
