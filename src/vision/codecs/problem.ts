import { ImageError } from '../../core/errors.ts'

/** Where a picture came from and what is allowed, handed down to the codecs. */
export interface DecodeContext {
  /** Path or description, for messages. */
  readonly source: string | undefined
  /** Largest width × height that is decoded. */
  readonly maxPixels: number
  readonly codec: JpegCodec
}

/** Which JPEG decoder: `auto` is `native` where it is there, else `wasm`. */
export type JpegCodec = 'auto' | 'native' | 'wasm' | 'js'

/** An {@link ImageError} that names the picture, what is wrong and what to do. */
export function cannotDecode(
  { source }: DecodeContext,
  problem: string,
  remedy: string,
  cause?: unknown,
): ImageError {
  const options = cause === undefined ? undefined : { cause }
  return new ImageError(`can't decode ${source ?? 'the picture'}: ${problem}; ${remedy}`, source, options)
}

/** The remedy for a file that lost its end. */
export const fetchAgain = 'copy or download it again, or remove it from the data set'

/** The remedy for a file that is damaged or that only other programs read. */
export const saveAgain = 'open it in an image editor and save it again as JPEG or PNG, or remove it'

/** Throws before anything is allocated if a header promises too many pixels, or none. */
export function checkSize(context: DecodeContext, width: number, height: number): void {
  if (width < 1 || height < 1) {
    throw cannotDecode(context, `its header says ${width} × ${height} pixels`, saveAgain)
  }
  if (width * height > context.maxPixels) {
    throw cannotDecode(
      context,
      `its header says ${width} × ${height} pixels, more than the limit of ${context.maxPixels}`,
      'scale it down, or raise the option maxPixels if you trust the file',
    )
  }
}
