import { readFileSync } from 'node:fs'

import { Tensor } from '../../../src/core/tensor.ts'
import { contiguous, flipHorizontal, picture, type Picture } from '../../../src/vision/picture.ts'
import type { TransformInput } from '../../../src/vision/transforms/transform.ts'

/** An array as make.py writes it. */
export interface Encoded {
  readonly shape: number[]
  readonly data: string
}

export function readFixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../fixtures/transforms/${name}`, import.meta.url), 'utf8'))
}

function bytesOf({ data }: Encoded): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(data, 'base64'))
}

export function decodePicture(encoded: Encoded): Picture {
  const [height, width, channels] = encoded.shape as [number, number, number]
  return picture(height, width, channels, bytesOf(encoded))
}

export function decodeTensor(encoded: Encoded): Tensor<'float32'> {
  return new Tensor('float32', new Float32Array(bytesOf(encoded).buffer), encoded.shape)
}

const encodedPictures = readFixture('pictures.json') as Record<string, Encoded>

/** A picture of pictures.json; each call gives a copy. */
export function namedPicture(name: string): Picture {
  return decodePicture(encodedPictures[name]!)
}

export const pictureNames = Object.keys(encodedPictures)

/** The same pixels, last column first in memory: a view that no step may mistake for packed bytes. */
export function mirroredTwin(source: Picture): Picture {
  const [height, width, channels] = source.shape as [number, number, number]
  return flipHorizontal(picture(height, width, channels, contiguous(flipHorizontal(source)).slice()))
}

/** Shape and bytes, which `toEqual` compares exactly. */
export function plain(input: TransformInput) {
  if (input instanceof Tensor)
    return { shape: [...input.shape], values: Array.from(input.data as Float32Array) }
  return { shape: [...input.shape], values: Array.from(contiguous(input)) }
}
