/** What transforms ask of their input: which kind it is, how large, and the message when it is the wrong one. */
import { ArgumentError } from '../../core/errors.ts'
import { formatShape } from '../../core/shape.ts'
import { Tensor } from '../../core/tensor.ts'
import type { Picture } from '../picture.ts'
import type { TransformInput } from './transform.ts'

/** Height and width of a picture `[H, W, C]` or a tensor `[…, H, W]`, in pixels. */
export interface ImageSize {
  readonly height: number
  readonly width: number
}

/** Whether a transform's input is a picture: 8-bit pixels `[H, W, C]`. */
export function isPicture(input: unknown): input is Picture {
  if (typeof input !== 'object' || input === null || input instanceof Tensor) return false
  const { data, shape, stride } = input as Partial<Picture>
  return data instanceof Uint8Array && Array.isArray(stride) && shape?.length === 3
}

/** Whether a transform's input is a tensor. */
export function isTensor(input: unknown): input is Tensor {
  return input instanceof Tensor
}

/** The picture that `transform` needs. Throws {@link ArgumentError} with the remedy otherwise. */
export function expectPicture(input: unknown, transform: string): Picture {
  if (isPicture(input)) return input
  const remedy = input instanceof Tensor ? `: put ${transform} before ToTensor` : ''
  throw new ArgumentError(`${transform} works on pictures, but was given ${describeInput(input)}${remedy}`)
}

/** The tensor that `transform` needs. Throws {@link ArgumentError} with the remedy otherwise. */
export function expectTensor(input: unknown, transform: string): Tensor {
  if (isTensor(input)) return input
  const remedy = isPicture(input) ? `: put ToTensor before ${transform}` : ''
  throw new ArgumentError(`${transform} works on tensors, but was given ${describeInput(input)}${remedy}`)
}

/** A picture or an image tensor `[…, H, W]`. Throws {@link ArgumentError} for anything else. */
export function expectImage(input: unknown, transform: string): TransformInput {
  if (isPicture(input) || (input instanceof Tensor && input.shape.length >= 2)) return input
  throw new ArgumentError(
    `${transform} works on pictures and on tensors […, height, width], but was given ${describeInput(input)}`,
  )
}

/** Height and width of a picture or an image tensor. */
export function imageSizeOf(input: TransformInput): ImageSize {
  const [height, width] = input instanceof Tensor ? input.shape.slice(-2) : input.shape
  return { height: height!, width: width! }
}

/** What an input is, for messages: `a float32 tensor [3, 224, 224]`. */
export function describeInput(input: unknown): string {
  if (input instanceof Tensor) return `a ${input.dtype} tensor ${formatShape(input.shape)}`
  if (isPicture(input)) return `a picture ${formatShape(input.shape)}`
  if (typeof input !== 'object' || input === null) return String(input)
  return `a ${input.constructor.name}`
}
