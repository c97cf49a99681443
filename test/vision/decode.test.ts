import { readdirSync, readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ArgumentError, ImageError, RuntimeError } from '../../src/core/errors.ts'
import { decodeImage, decodeImageAsync, type DecodeOptions } from '../../src/vision/decode.ts'
import { hasNativeJpegTurbo } from '../../src/vision/codecs/jpeg-turbo.ts'
import { contiguous } from '../../src/vision/picture.ts'

const folder = 'test/fixtures/vision/decode'
const names = readdirSync(folder)
const expected = JSON.parse(readFileSync('test/fixtures/vision/decode.json', 'utf8')) as Record<
  string,
  { readonly height: number; readonly width: number; readonly rgb: string }
>

const exactCodecs = (['native', 'wasm'] as const).filter((codec) => codec === 'wasm' || hasNativeJpegTurbo())
const codecs = [...exactCodecs, 'js'] as const

function bytesOf(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(`${folder}/${name}`))
}

function pixelsOf(bytes: Uint8Array, options?: DecodeOptions): number[] {
  return [...contiguous(decodeImage(bytes, options))]
}

describe('decodeImage', () => {
  describe.each(exactCodecs)("gives the bytes of Pillow's convert('RGB') by codec '%s'", (codec) => {
    it.each(names)('%s', (name) => {
      const { height, width, rgb } = expected[name]!
      const decoded = decodeImage(bytesOf(name), { codec })
      expect(decoded.shape).toEqual([height, width, 3])
      expect([...contiguous(decoded)]).toEqual([...Buffer.from(rgb, 'base64')])
    })
  })

  it('gives memory of its own, which the next decode leaves alone', () => {
    const first = decodeImage(bytesOf('rgb-420.jpg'))
    const before = [...contiguous(first)]
    decodeImage(bytesOf('grey.jpg'))
    expect([...contiguous(first)]).toEqual(before)
  })
})

describe("decodeImage by jpeg-js, codec 'js'", () => {
  // [largest, mean] difference in levels. Where chroma is halved, jpeg-js repeats it and libjpeg blends it.
  const limits: Record<string, readonly [number, number]> = {
    'rgb-422.jpg': [40, 4],
    'rgb-420.jpg': [40, 5],
    'progressive.jpg': [40, 5],
    'exif-rotated.jpg': [40, 5],
  }
  const refused = ['cmyk-without-adobe.jpg', 'garbage-in-scan.jpg']
  const jpegs = names.filter((name) => name.endsWith('.jpg') && !refused.includes(name))

  it.each(jpegs)("is near Pillow's bytes: %s", (name) => {
    const [most, mean] = limits[name] ?? [3, 0.6]
    const pixels = pixelsOf(bytesOf(name), { codec: 'js' })
    const target = Buffer.from(expected[name]!.rgb, 'base64')
    const differences = pixels.map((value, index) => Math.abs(value - target[index]!))
    expect(pixels.length).toBe(target.length)
    expect(Math.max(...differences)).toBeLessThanOrEqual(most)
    expect(differences.reduce((sum, value) => sum + value, 0) / pixels.length).toBeLessThanOrEqual(mean)
  })

  it.each(refused)('refuses what it cannot do: %s', (name) => {
    expect(() => decodeImage(bytesOf(name), { codec: 'js' })).toThrow(ImageError)
  })
})

describe('decodeImage refuses, by an ImageError that names the file and the remedy,', () => {
  const text = (content: string) => new TextEncoder().encode(content)
  /** As HEIC and AVIF begin: a box with the main brand, a version and all brands. */
  const box = (brand: string, brands = '') =>
    text(`\0\0\0${String.fromCharCode(16 + brands.length)}ftyp${brand}\0\0\0\0${brands}\0\0\0\x08mdat`)
  const jpeg = bytesOf('rgb-420.jpg')
  const png = bytesOf('rgb-8.png')
  const cases: readonly [string, Uint8Array, string][] = [
    ['0 bytes', new Uint8Array(), 'the file is empty (0 bytes)'],
    ['text', text('This is not a picture'), 'it is a text file'],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\noid …'), 'git lfs pull'],
    ['noise', Uint8Array.of(1, 2, 3, 200, 0, 7), 'neither a JPEG nor a PNG'],
    ['GIF', text('GIF89a\x01\0\x01\0'), 'it is a GIF file'],
    ['WebP', text('RIFF\x10\0\0\0WEBPVP8 '), 'it is a WebP file'],
    ['HEIC', box('heic'), 'it is a HEIC picture, as iPhones take them; convert it to JPEG, or set Settings'],
    ['HEIC by its second brand', box('mif1', 'mif1heic'), 'it is a HEIC picture'],
    ['AVIF', box('avif', 'mif1avif'), 'it is an AVIF file'],
    ['AVIF by its second brand', box('mif1', 'mif1avif'), 'it is an AVIF file'],
    ['a film', box('isom', 'mp41'), 'neither a JPEG nor a PNG'],
    ['TIFF', text('II*\0\x08\0\0\0'), 'it is a TIFF file'],
    ['a JPEG cut in its pixels', jpeg.subarray(0, jpeg.length - 100), 'the file is truncated'],
    ['a JPEG cut in its end marker', jpeg.subarray(0, jpeg.length - 1), 'the file is truncated'],
    ['a JPEG cut in its header', jpeg.subarray(0, 30), 'the file is truncated before its frame header'],
    ['a PNG cut in its pixels', png.subarray(0, png.length - 30), 'the file is truncated'],
    ['a PNG cut in its header', png.subarray(0, 20), 'the file is truncated'],
  ]

  it.each(cases)('%s', (_, bytes, problem) => {
    for (const codec of codecs) {
      const decode = () => decodeImage(bytes, { source: 'photos/bee.jpg', codec })
      expect(decode).toThrow(ImageError)
      expect(decode).toThrow("can't decode photos/bee.jpg: ")
      expect(decode).toThrow(problem)
      expect(decode).toThrow(expect.objectContaining({ source: 'photos/bee.jpg' }))
    }
  })

  it('a header of too many pixels, before it allocates any', () => {
    const wide = jpeg.slice()
    const frame = wide.findIndex((byte, index) => byte === 0xff && wide[index + 1] === 0xc0)
    wide.set([20000 >> 8, 20000 & 255, 20000 >> 8, 20000 & 255], frame + 5)
    expect(() => decodeImage(wide)).toThrow('20000 × 20000 pixels, more than the limit of 178956970')
    expect(() => decodeImage(png, { maxPixels: 100 })).toThrow('13 × 9 pixels, more than the limit of 100')
    expect(() => decodeImage(png, { maxPixels: 117 })).not.toThrow()
  })

  it('but not a limit that makes no sense, which is an argument error', () => {
    expect(() => decodeImage(png, { maxPixels: Number.NaN })).toThrow(ArgumentError)
  })
})

describe('decodeImage, given anything at all, gives a picture or an ImageError:', () => {
  const codec = fc.constantFrom(...codecs)
  const survives = (bytes: Uint8Array, options: DecodeOptions) => {
    try {
      decodeImage(bytes, { ...options, maxPixels: 1e6 })
    } catch (error) {
      expect(error).toBeInstanceOf(ImageError)
    }
  }

  it('random bytes, with and without the first bytes of a format', () => {
    const heads = [[], [0xff, 0xd8, 0xff], [...bytesOf('rgb-8.png').subarray(0, 33)]]
    fc.assert(
      fc.property(
        fc.constantFrom(...heads),
        fc.uint8Array({ maxLength: 300 }),
        codec,
        (head, tail, codec) => {
          survives(Uint8Array.from([...head, ...tail]), { codec })
        },
      ),
      { numRuns: 300 },
    )
  })

  it('files with bytes changed, also inside of the compressed data', () => {
    const change = fc.tuple(fc.nat(), fc.nat({ max: 255 }))
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(change, { minLength: 1, maxLength: 8 }),
        codec,
        (name, changes, codec) => {
          const bytes = bytesOf(name)
          for (const [at, value] of changes) bytes[at % bytes.length] = value
          survives(bytes, { codec })
        },
      ),
      { numRuns: 500 },
    )
  })

  it('files cut anywhere before their last chunk or marker, always the error', () => {
    const whole = names.filter((name) => !name.startsWith('bytes-after') && !name.startsWith('no-end'))
    fc.assert(
      fc.property(
        fc.constantFrom(...whole),
        fc.double({ min: 0, max: 1, noNaN: true }),
        codec,
        (name, part, codec) => {
          const bytes = bytesOf(name)
          const rest = name.endsWith('.png') ? 13 : 1
          const cut = bytes.subarray(0, Math.floor(part * (bytes.length - rest)))
          expect(() => decodeImage(cut, { codec })).toThrow(ImageError)
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('decodeImageAsync', () => {
  it.each(names)("gives Pillow's bytes: %s", async (name) => {
    const { height, width, rgb } = expected[name]!
    const decoded = await decodeImageAsync(bytesOf(name))
    expect(decoded.shape).toEqual([height, width, 3])
    expect(Buffer.from(contiguous(decoded)).equals(Buffer.from(rgb, 'base64'))).toBe(true)
  })

  it("refuses the browser's decoder in Node, and decodeImage everywhere", async () => {
    await expect(decodeImageAsync(bytesOf('grey.jpg'), { codec: 'browser' })).rejects.toThrow(RuntimeError)
    expect(() => decodeImage(bytesOf('grey.jpg'), { codec: 'browser' })).toThrow('use decodeImageAsync')
  })
})

describe('decodeImage by a decoder that is not there', () => {
  it.skipIf(hasNativeJpegTurbo())('says how to get it, where @julusian/jpeg-turbo is not installed', () => {
    const decode = () => decodeImage(bytesOf('grey.jpg'), { codec: 'native' })
    expect(decode).toThrow(RuntimeError)
    expect(decode).toThrow('npm install @julusian/jpeg-turbo')
  })
})
