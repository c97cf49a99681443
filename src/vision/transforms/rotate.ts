/** Rotation as PIL's `Image.rotate`: quarter turns as views, everything else as an affine map of pixels. */
import { StridedView } from '../../core/strided-view.ts'
import { flipHorizontal, flipVertical, picture, sizeOfPicture, type Picture } from '../picture.ts'
import { mapAffine, type AffineMatrix, type AffineInterpolation } from './affine.ts'
import { fillBytes, type Fill } from './options.ts'

/** How a picture is turned: options of `RandomRotation`. */
export interface RotateOptions {
  /** Default `nearest`. */
  readonly interpolation?: AffineInterpolation | undefined
  /** Makes the result large enough to hold all of the picture. Default false: the corners are cut off. */
  readonly expand?: boolean | undefined
  /** `[x, y]` that stays in place, in pixels from the upper left corner. Default the middle. */
  readonly center?: readonly [x: number, y: number] | undefined
  /** Value of what lies outside of the picture: one, or one for each channel. Default 0. */
  readonly fill?: Fill | undefined
}

/** Turns a picture by `angle` degrees against the clock. A multiple of 90 gives a view where it can. */
export function rotate(source: Picture, angle: number, options: RotateOptions = {}): Picture {
  const { interpolation = 'nearest', expand = false, center, fill = 0 } = options
  const turn = ((angle % 360) + 360) % 360
  const view = center ? undefined : quarterTurn(source, turn, expand)
  if (view) return view
  const [height, width, channels] = sizeOfPicture(source)
  const matrix = rotationMatrix(turn, center ?? [width / 2, height / 2])
  const size = expand ? expandToFit(matrix, height, width) : { height, width }
  const out = picture(size.height, size.width, channels)
  const bytes = fillBytes(fill, channels, 'RandomRotation')
  for (let at = 0; at < out.data.length; at++) out.data[at] = bytes[at % channels]!
  mapAffine(source, out, matrix, interpolation)
  return out
}

function quarterTurn(source: Picture, turn: number, expand: boolean): Picture | undefined {
  if (turn === 0) return source
  if (turn === 180) return flipHorizontal(flipVertical(source))
  const fits = expand || source.shape[0] === source.shape[1]
  if (!fits || (turn !== 90 && turn !== 270)) return undefined
  // Rows become columns; against the clock the last column comes first, with it the last row.
  const { data, shape, stride, offset } = turn === 90 ? flipHorizontal(source) : flipVertical(source)
  return new StridedView(
    data,
    [shape[1]!, shape[0]!, shape[2]!],
    [stride[1]!, stride[0]!, stride[2]!],
    offset,
  )
}

/** From a pixel of the result to one of the source, so the turn is with the clock. */
function rotationMatrix(turn: number, [x, y]: readonly [number, number]): AffineMatrix {
  const radians = -(turn * (Math.PI / 180))
  const cos = round15(Math.cos(radians))
  const sin = round15(Math.sin(radians))
  const matrix: AffineMatrix = [cos, sin, 0, round15(-Math.sin(radians)), cos, 0]
  const [movedX, movedY] = transformPoint(matrix, -x, -y)
  matrix[2] = movedX + x
  matrix[5] = movedY + y
  return matrix
}

/** The size that holds all corners; moves the matrix so that the result is in its middle. */
function expandToFit(matrix: AffineMatrix, height: number, width: number) {
  const corners: readonly (readonly [number, number])[] = [
    [0, 0],
    [width, 0],
    [width, height],
    [0, height],
  ]
  const moved = corners.map(([x, y]) => transformPoint(matrix, x, y))
  const extent = (axis: 0 | 1) => {
    const values = moved.map((point) => point[axis])
    return Math.ceil(Math.max(...values)) - Math.floor(Math.min(...values))
  }
  const size = { height: extent(1), width: extent(0) }
  const [x, y] = transformPoint(matrix, -(size.width - width) / 2, -(size.height - height) / 2)
  matrix[2] = x
  matrix[5] = y
  return size
}

function transformPoint([a, b, c, d, e, f]: AffineMatrix, x: number, y: number): [number, number] {
  return [a * x + b * y + c, d * x + e * y + f]
}

/** As Python's `round(value, 15)`: makes the sine of 180° a true 0. */
function round15(value: number): number {
  return Number(value.toFixed(15))
}
