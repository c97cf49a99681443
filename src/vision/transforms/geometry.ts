/**
 * Cropping, flipping and padding of pictures and image tensors. Pictures are cropped and flipped as views;
 * everything else is one gather by a table of source rows and one of source columns.
 */
import { allocate } from '../../core/dtype.ts'
import { Tensor } from '../../core/tensor.ts'
import { crop, flipHorizontal, flipVertical, picture, sizeOfPicture, type Picture } from '../picture.ts'
import { imageSizeOf } from './input.ts'
import { fillBytes, type Fill } from './options.ts'
import type { TransformInput } from './transform.ts'

/** A part of an image: its first row and column, its height and width, in pixels. */
export interface CropBox {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
}

/** For each output row (or column) the source's, or −1 where the fill value goes. */
export type Indices = Int32Array

/** `box` of an image: a view of a picture, a copy of a tensor. `box` must lie inside. */
export function cropImage(input: TransformInput, { top, left, height, width }: CropBox): TransformInput {
  if (!(input instanceof Tensor)) return crop(input, top, left, height, width)
  return gatherTensor(input, countFrom(top, height), countFrom(left, width), 0)
}

/** The image mirrored left to right (`horizontal`) or top to bottom: a view of a picture, a copy of a tensor. */
export function flipImage(input: TransformInput, direction: 'horizontal' | 'vertical'): TransformInput {
  const horizontal = direction === 'horizontal'
  if (!(input instanceof Tensor)) return horizontal ? flipHorizontal(input) : flipVertical(input)
  const { height, width } = imageSizeOf(input)
  const rows = countFrom(0, height)
  const columns = countFrom(0, width)
  if (horizontal) columns.reverse()
  else rows.reverse()
  return gatherTensor(input, rows, columns, 0)
}

/** A new image made of the given source rows and columns. A tensor takes one fill value. */
export function gatherImage(
  input: TransformInput,
  rows: Indices,
  columns: Indices,
  fill: Fill,
  transform: string,
): TransformInput {
  if (input instanceof Tensor) {
    return gatherTensor(input, rows, columns, typeof fill === 'number' ? fill : fill[0]!)
  }
  return gatherPicture(input, rows, columns, fillBytes(fill, input.shape[2]!, transform))
}

/** `start`, `start + 1`, … */
export function countFrom(start: number, length: number): Indices {
  return Int32Array.from({ length }, (_, index) => start + index)
}

function gatherPicture(source: Picture, rows: Indices, columns: Indices, fill: readonly number[]): Picture {
  const [, , channels] = sizeOfPicture(source)
  const [rowStep, columnStep, channelStep] = source.stride as [number, number, number]
  const out = picture(rows.length, columns.length, channels)
  let to = 0
  for (const row of rows) {
    for (const column of columns) {
      const from = source.offset + row * rowStep + column * columnStep
      const isInside = row >= 0 && column >= 0
      for (let c = 0; c < channels; c++) {
        out.data[to++] = isInside ? source.data[from + c * channelStep]! : fill[c]!
      }
    }
  }
  return out
}

function gatherTensor(source: Tensor, rows: Indices, columns: Indices, fill: number): Tensor {
  const { height, width } = imageSizeOf(source)
  const shape = [...source.shape.slice(0, -2), rows.length, columns.length]
  const planes = source.size / (height * width)
  const data = allocate(source.dtype, planes * rows.length * columns.length)
  const blank = source.dtype === 'int64' ? BigInt(fill) : fill
  let to = 0
  for (let plane = 0; plane < planes; plane++) {
    for (const row of rows) {
      const from = (plane * height + row) * width
      for (const column of columns) {
        data[to++] = row >= 0 && column >= 0 ? source.data[from + column]! : blank
      }
    }
  }
  return new Tensor(source.dtype, data, shape)
}
