import { ArgumentError, DTypeError, ShapeError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'

/** Options of {@link makeGrid}. */
export interface GridOptions {
  /** Images in a row. Default 8. */
  readonly nrow?: number | undefined
  /** Pixels between images and around them. Default 2. */
  readonly padding?: number | undefined
  /** Shifts and scales the values to 0 … 1. Default false. */
  readonly normalize?: boolean | undefined
  /** What becomes 0 and 1 when normalizing; values outside are clipped. Default the smallest and largest value. */
  readonly valueRange?: readonly [low: number, high: number] | undefined
  /** Normalizes each image by its own range. Default false. */
  readonly scaleEach?: boolean | undefined
  /** Value of the padding. Default 0. */
  readonly padValue?: number | undefined
}

type FloatTensor = Tensor<'float32'>

const { ceil, fround, max, min } = Math

/**
 * Lays images out in a grid, as torchvision's `make_grid`. Grey images become three equal channels; a single
 * image comes back without padding.
 *
 * @param images - Float32 `[N, C, H, W]`, `[C, H, W]` or `[H, W]`, or a list of `[C, H, W]` of one shape.
 * @returns Float32 `[C, rows · (H + padding) + padding, columns · (W + padding) + padding]`.
 * @throws {@link DTypeError}, {@link ShapeError} or {@link ArgumentError} if images or options are others.
 * @see https://pytorch.org/vision/0.14/generated/torchvision.utils.make_grid.html
 */
export function makeGrid(images: Tensor | readonly Tensor[], options: GridOptions = {}): Tensor<'float32'> {
  checkOptions(options)
  const batch = normalizeBatch(colourBatch(images), options)
  const [count, channels, height, width] = batch.shape as [number, number, number, number]
  if (count === 1) return batch.reshape([channels, height, width])
  const { nrow = 8, padding = 2, padValue = 0 } = options
  const columns = min(nrow, count)
  const rows = ceil(count / columns)
  const grid = Tensor.full(
    [channels, rows * (height + padding) + padding, columns * (width + padding) + padding],
    padValue,
  )
  for (let image = 0; image < count; image++) {
    const top = Math.floor(image / columns) * (height + padding) + padding
    const left = (image % columns) * (width + padding) + padding
    paste(batch, image, grid, top, left)
  }
  return grid
}

function checkOptions({ nrow = 8, padding = 2 }: GridOptions): void {
  if (!Number.isInteger(nrow) || nrow < 1) throw new ArgumentError(`nrow must be an integer ≥ 1, not ${nrow}`)
  if (Number.isInteger(padding) && padding >= 0) return
  throw new ArgumentError(`padding must be an integer ≥ 0, not ${padding}`)
}

function paste(batch: FloatTensor, image: number, grid: FloatTensor, top: number, left: number): void {
  const [, channels, height, width] = batch.shape as [number, number, number, number]
  const [, gridHeight, gridWidth] = grid.shape as [number, number, number]
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = ((image * channels + c) * height + y) * width
      grid.data.set(batch.data.subarray(from, from + width), (c * gridHeight + top + y) * gridWidth + left)
    }
  }
}

/** The images as one batch `[N, C, H, W]`, grey ones with three channels. */
function colourBatch(images: Tensor | readonly Tensor[]): FloatTensor {
  const batch = images instanceof Tensor ? asBatch(images) : stack(images)
  const [count, channels, height, width] = batch.shape as [number, number, number, number]
  if (batch.size === 0) throw new ShapeError(`there is no image in a tensor ${formatShape(batch.shape)}`)
  if (channels !== 1) return batch
  const plane = height * width
  const data = new Float32Array(count * 3 * plane)
  for (let copy = 0; copy < count * 3; copy++) {
    const from = Math.floor(copy / 3) * plane
    data.set(batch.data.subarray(from, from + plane), copy * plane)
  }
  return new Tensor('float32', data, [count, 3, height, width])
}

function asBatch(images: Tensor): FloatTensor {
  if (!isFloat32(images)) throw new DTypeError(`a grid is made of float32 images, not of ${images.dtype}`)
  const { shape } = images
  if (shape.length === 4) return images
  if (shape.length === 3 || shape.length === 2) return images.reshape([1, 1, ...shape].slice(-4))
  throw new ShapeError(`images have the shape [N, C, H, W], [C, H, W] or [H, W], not ${formatShape(shape)}`)
}

function stack(images: readonly Tensor[]): FloatTensor {
  const [first] = images
  if (!first) throw new ArgumentError('a grid needs at least one image, but the list is empty')
  const other = images.find(({ shape }) => shape.length !== 3 || !sameShape(shape, first.shape))
  if (other) {
    throw new ShapeError(
      `a list of images needs one shape [C, H, W], but has ${formatShape(first.shape)} and ${formatShape(other.shape)}`,
    )
  }
  const data = new Float32Array(images.length * first.size)
  images.forEach((image, index) => {
    data.set(asBatch(image).data, index * first.size)
  })
  return new Tensor('float32', data, [images.length, ...first.shape])
}

function normalizeBatch(batch: FloatTensor, { normalize, valueRange, scaleEach }: GridOptions): FloatTensor {
  if (!normalize) return batch
  const data = batch.data.slice()
  const step = scaleEach ? data.length / batch.shape[0]! : data.length
  for (let start = 0; start < data.length; start += step) {
    const part = data.subarray(start, start + step)
    normalizeInPlace(part, valueRange ?? [part.reduce((a, b) => min(a, b)), part.reduce((a, b) => max(a, b))])
  }
  return new Tensor('float32', data, batch.shape)
}

/** In float32 steps as PyTorch takes them: clip, subtract, divide. */
function normalizeInPlace(values: Float32Array, [low, high]: readonly [number, number]): void {
  const bottom = fround(low)
  const top = fround(high)
  const span = fround(max(high - low, 1e-5))
  for (let i = 0; i < values.length; i++)
    values[i] = fround(min(max(values[i]!, bottom), top) - bottom) / span
}

function isFloat32(tensor: Tensor): tensor is FloatTensor {
  return tensor.dtype === 'float32'
}
