import { ArgumentError } from '../../core/errors.ts'
import { cropImage, gatherImage, type Indices } from './geometry.ts'
import { expectImage, imageSizeOf } from './input.ts'
import { format, type Fill } from './options.ts'
import type { Transform, TransformInput } from './transform.ts'

/** All edges; left and right, top and bottom; or left, top, right, bottom. In pixels. */
export type Padding =
  number | readonly [leftRight: number, topBottom: number] | readonly [number, number, number, number]

/**
 * What padding consists of: `constant` is the fill value, `edge` the last pixel again, `reflect` the mirrored
 * picture without its edge (`3 2 | 1 2 3 | 2 1`), `symmetric` with it (`2 1 | 1 2 3 | 3 2`).
 */
export type PaddingMode = 'constant' | 'edge' | 'reflect' | 'symmetric'

/** Options of {@link Pad}. */
export interface PadOptions {
  /** Value of constant padding: one, or one for each channel of a picture. Default 0. */
  readonly fill?: Fill | undefined
  /** Default `constant`. */
  readonly paddingMode?: PaddingMode | undefined
}

/**
 * Pads a picture, or a tensor `[…, H, W]`, on its edges; a negative padding crops.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.Pad.html
 */
export class Pad implements Transform {
  static readonly name: string = 'Pad'

  readonly fill: Fill
  readonly paddingMode: PaddingMode

  /** @throws {@link ArgumentError} if a padding is no integer, or there is no such mode. */
  constructor(
    readonly padding: Padding,
    { fill = 0, paddingMode = 'constant' }: PadOptions = {},
  ) {
    this.fill = fill
    this.paddingMode = paddingMode
    checkPadding(padding, paddingMode, 'Pad')
  }

  toArguments(): readonly unknown[] {
    return [this.padding, { fill: this.fill, paddingMode: this.paddingMode }]
  }

  forward(input: TransformInput): TransformInput {
    return padImage(expectImage(input, 'Pad'), this.padding, this)
  }
}

/** Pads an image. The work of {@link Pad}. */
export function padImage(
  input: TransformInput,
  padding: Padding,
  { fill = 0, paddingMode = 'constant' }: PadOptions = {},
  transform = 'Pad',
): TransformInput {
  const edges = edgesOf(padding)
  const kept = cropNegative(input, edges)
  const [left, top, right, bottom] = edges.map((edge) => Math.max(edge, 0)) as [
    number,
    number,
    number,
    number,
  ]
  const { height, width } = imageSizeOf(kept)
  const rows = paddedIndices(height, top, bottom, paddingMode)
  const columns = paddedIndices(width, left, right, paddingMode)
  return gatherImage(kept, rows, columns, fill, transform)
}

/** Throws {@link ArgumentError} unless `padding` and `mode` are what {@link Pad} takes. */
export function checkPadding(padding: Padding, mode: PaddingMode, transform: string): void {
  const edges: readonly number[] = typeof padding === 'number' ? [padding] : padding
  if (![1, 2, 4].includes(edges.length) || !edges.every(Number.isInteger)) {
    throw new ArgumentError(
      `${transform}: a padding is an integer, [leftRight, topBottom] or [left, top, right, bottom], not ${format(padding)}`,
    )
  }
  if (!['constant', 'edge', 'reflect', 'symmetric'].includes(mode)) {
    throw new ArgumentError(
      `${transform}: there is no padding mode '${mode}'; there are constant, edge, reflect and symmetric`,
    )
  }
}

function edgesOf(padding: Padding): readonly [left: number, top: number, right: number, bottom: number] {
  if (typeof padding === 'number') return [padding, padding, padding, padding]
  return padding.length === 2 ? [padding[0], padding[1], padding[0], padding[1]] : padding
}

function cropNegative(
  input: TransformInput,
  [left, top, right, bottom]: readonly [number, number, number, number],
): TransformInput {
  const cut = (edge: number) => Math.max(-edge, 0)
  if (cut(left) + cut(top) + cut(right) + cut(bottom) === 0) return input
  const { height, width } = imageSizeOf(input)
  const box = {
    top: cut(top),
    left: cut(left),
    height: height - cut(top) - cut(bottom),
    width: width - cut(left) - cut(right),
  }
  if (box.height >= 1 && box.width >= 1) return cropImage(input, box)
  throw new ArgumentError(
    `Pad: the negative padding ${format([left, top, right, bottom])} leaves nothing of ${height} × ${width} pixels`,
  )
}

function paddedIndices(size: number, before: number, after: number, mode: PaddingMode): Indices {
  return Int32Array.from({ length: before + size + after }, (_, index) =>
    sourceIndex(index - before, size, mode),
  )
}

/** Reflections repeat with a period, as NumPy's do: padding may be wider than the picture. */
function sourceIndex(index: number, size: number, mode: PaddingMode): number {
  if (index >= 0 && index < size) return index
  if (mode === 'constant') return -1
  if (mode === 'edge' || (mode === 'reflect' && size === 1)) return index < 0 ? 0 : size - 1
  const repeatsEdge = mode === 'symmetric' ? 1 : 0
  const period = 2 * (size - 1 + repeatsEdge)
  const phase = ((index % period) + period) % period
  return phase < size ? phase : period - phase - repeatsEdge
}
