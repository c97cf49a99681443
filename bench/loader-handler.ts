import { readFile } from 'node:fs/promises'

import { decode } from '@cwasm/jpeg-turbo'

import { Tensor } from '../src/core/tensor.ts'
import type { Sample } from '../src/data/dataset.ts'

const size = 224

/** Reads and decodes a JPEG file and gives its nearest pixels as `[3, 224, 224]`: a loader's work, without finesse. */
export async function load(path: unknown): Promise<Sample> {
  const { width, height, data } = decode(await readFile(path as string))
  const input = Tensor.zeros([3, size, size])
  for (let y = 0; y < size; y++) {
    const row = Math.floor((y * height) / size) * width
    for (let x = 0; x < size; x++) {
      const pixel = 4 * (row + Math.floor((x * width) / size))
      for (let channel = 0; channel < 3; channel++) {
        input.data[(channel * size + y) * size + x] = data[pixel + channel]! / 255
      }
    }
  }
  return { input, label: 0 }
}
