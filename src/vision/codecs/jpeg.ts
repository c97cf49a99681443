/**
 * JPEG to RGB, as `Image.open(file).convert('RGB')`: by libjpeg-turbo byte for byte, or by jpeg-js in
 * plain JavaScript, whose inverse DCT and chroma upsampling differ.
 */
import { RuntimeError } from '../../core/errors.ts'
import { picture, type Picture } from '../picture.ts'
import { loadedJpegJs, loadJpegJs } from './jpeg-js.ts'
import { hasJpegEnd, readJpegHeader, type JpegHeader } from './jpeg-header.ts'
import {
  decodeWithNative,
  decodeWithTurbo,
  hasJpegTurbo,
  hasNativeJpegTurbo,
  loadJpegTurbo,
  whyNoJpegTurbo,
} from './jpeg-turbo.ts'
import {
  cannotDecode,
  checkSize,
  fetchAgain,
  saveAgain,
  type DecodeContext,
  type JpegCodec,
} from './problem.ts'

/** Decodes a JPEG file to a packed RGB picture. The EXIF orientation is not applied, as Pillow doesn't. */
export function decodeJpeg(bytes: Uint8Array, context: DecodeContext): Picture {
  const header = readJpegHeader(bytes)
  if (!header) {
    throw hasJpegEnd(bytes)
      ? cannotDecode(context, 'it is a JPEG without a frame header', saveAgain)
      : cannotDecode(context, 'the file is truncated before its frame header', fetchAgain)
  }
  checkHeader(header, context)
  const codec = choose(context)
  const pixels = codec === 'js' ? fromJs(bytes, header, context) : fromTurbo(bytes, header, context, codec)
  return picture(header.height, header.width, 3, pixels)
}

function checkHeader({ width, height, components, precision, process }: JpegHeader, context: DecodeContext) {
  const isCommon = precision === 8 && (process <= 2 || process === 9 || process === 10)
  if (!isCommon || ![1, 3, 4].includes(components)) {
    const kind = `SOF${process}, ${precision} bits, ${components} components`
    throw cannotDecode(context, `it is an uncommon kind of JPEG (${kind})`, saveAgain)
  }
  checkSize(context, width, height)
}

/** Loads the decoder that {@link decodeJpeg} will want, where that takes time: in a page. */
export function prepareJpeg(codec: JpegCodec): Promise<void> | undefined {
  if (codec === 'js') return loadJpegJs()
  if (codec === 'native' || (codec === 'auto' && hasNativeJpegTurbo())) return undefined
  return loadJpegTurbo()
}

/** Never one whose pixels differ from Pillow's, unless it is asked for. */
function choose({ codec }: DecodeContext): 'native' | 'wasm' | 'js' {
  if (codec === 'js') return 'js'
  if (codec !== 'wasm' && hasNativeJpegTurbo()) return 'native'
  if (codec !== 'native' && hasJpegTurbo()) return 'wasm'
  throw cannotLoad(codec)
}

function cannotLoad(codec: Exclude<JpegCodec, 'js'>): RuntimeError {
  if (codec === 'native') {
    return new RuntimeError(
      "codec: 'native' was asked for, but that JPEG decoder can't be loaded here; on Linux install it (npm install " +
        "@julusian/jpeg-turbo), or use codec: 'auto'",
      { cause: whyNoJpegTurbo('native') },
    )
  }
  const cause = whyNoJpegTurbo('wasm')
  if (cause === undefined) return notLoaded()
  return new RuntimeError(
    `the JPEG decoder, which is WebAssembly, can't be loaded: ${cause.message}; or use codec: 'js', whose pixels differ a little`,
    { cause },
  )
}

const notLoaded = (): RuntimeError =>
  new RuntimeError(
    'in a page the JPEG decoder has to be loaded first: use `await decodeImageAsync(bytes)` in the place of `decodeImage(bytes)`',
  )

function fromTurbo(
  bytes: Uint8Array,
  header: JpegHeader,
  context: DecodeContext,
  codec: 'native' | 'wasm',
): Uint8Array<ArrayBuffer> {
  let result
  try {
    result = codec === 'native' ? decodeWithNative(bytes, header) : decodeWithTurbo(bytes, header)
  } catch (error) {
    throw undecodable(bytes, context, error)
  }
  // Pillow takes pictures that libjpeg could mend, but not a file whose end is missing.
  if (result.hasWarnings && !hasJpegEnd(bytes)) throw truncated(context)
  return header.components === 4 ? cmykToRgb(result.pixels) : result.pixels
}

function fromJs(bytes: Uint8Array, header: JpegHeader, context: DecodeContext): Uint8Array<ArrayBuffer> {
  const decode = loadedJpegJs()
  if (!decode) throw notLoaded()
  if (!hasJpegEnd(bytes)) throw truncated(context)
  try {
    const { data } = decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      // By itself it takes Adobe's `0: no transform` for `not said`.
      ...(header.adobeTransform === 0 && { colorTransform: false }),
      maxResolutionInMP: Infinity,
      maxMemoryUsageInMB: Infinity,
    })
    if (data.length === header.width * header.height * 3) return data as Uint8Array<ArrayBuffer>
  } catch (error) {
    throw undecodable(bytes, context, error)
  }
  throw cannotDecode(context, 'its data disagree with its header', saveAgain)
}

function truncated(context: DecodeContext, cause?: unknown) {
  return cannotDecode(context, 'the file is truncated: its end is missing', fetchAgain, cause)
}

function undecodable(bytes: Uint8Array, context: DecodeContext, cause: unknown) {
  if (cause instanceof RangeError) {
    return cannotDecode(context, 'there is not enough memory for it', 'scale it down', cause)
  }
  return hasJpegEnd(bytes)
    ? cannotDecode(context, 'its data are corrupt', saveAgain, cause)
    : truncated(context, cause)
}

/** As Pillow: the four components are stored inverted, by Adobe's custom, whether the file says so or not. */
function cmykToRgb(pixels: Uint8Array): Uint8Array<ArrayBuffer> {
  const rgb = new Uint8Array((pixels.length / 4) * 3)
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) {
    const light = pixels[from + 3]!
    for (let c = 0; c < 3; c++) rgb[to + c] = light - multiply(255 - pixels[from + c]!, light)
  }
  return rgb
}

/** a · b / 255, rounded as Pillow's MULDIV255. */
function multiply(a: number, b: number): number {
  const product = a * b + 128
  return ((product >> 8) + product) >> 8
}
