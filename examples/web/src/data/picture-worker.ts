/**
 * Looks at every picture that comes in, away from the page's own thread: whether the library can read it, converted where
 * only the browser can, and a thumbnail of it.
 */
import { checkReadable } from '../library/check-readable.ts'
import { headLength, kindOf, refusalOf, type PictureKind } from './picture-kind.ts'

/** A file to look at. */
export interface CheckRequest {
  readonly id: number
  readonly file: Blob
}

/** What became of it. */
export type CheckResult =
  | {
      readonly id: number
      readonly file: Blob
      readonly thumbnail: Blob
      /** Of the bytes that came in. */
      readonly digest: string | undefined
    }
  | { readonly id: number; readonly reason: string }

/** Larger pictures are scaled down: a phone has no memory for them, and the network looks at 224 pixels. */
const maxPixels = 40_000_000
const scaledEdge = 2048
const thumbnailEdge = 112

addEventListener('message', ({ data: request }: MessageEvent<CheckRequest>) => {
  void check(request).then((result) => {
    postMessage(result)
  })
})

async function check({ id, file }: CheckRequest): Promise<CheckResult> {
  const kind = kindOf(new Uint8Array(await file.slice(0, headLength).arrayBuffer()))
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file)
  } catch {
    return { id, reason: refusalOf(kind, file.size) }
  }
  try {
    const taken = await readable(file, kind, bitmap)
    return { id, file: taken, thumbnail: await thumbnailOf(bitmap), digest: await digestOf(file) }
  } catch (error) {
    return { id, reason: (error as Error).message }
  } finally {
    bitmap.close()
  }
}

/** The file itself where the library reads it, else what the browser makes of it. */
async function readable(file: Blob, kind: PictureKind, bitmap: ImageBitmap): Promise<Blob> {
  const { width, height } = bitmap
  if (width * height > maxPixels) {
    const scale = scaledEdge / Math.max(width, height)
    return redrawn(bitmap, scale, 'image/jpeg')
  }
  if (kind !== 'jpeg' && kind !== 'png') return redrawn(bitmap, 1, 'image/png')
  await checkReadable(new Uint8Array(await file.arrayBuffer()))
  return file
}

function redrawn(bitmap: ImageBitmap, scale: number, type: string): Promise<Blob> {
  const [width, height] = [bitmap.width, bitmap.height].map((edge) => Math.max(1, Math.round(scale * edge)))
  const canvas = new OffscreenCanvas(width!, height!)
  canvas.getContext('2d')!.drawImage(bitmap, 0, 0, width!, height!)
  return canvas.convertToBlob({ type, quality: 0.92 })
}

/** SHA-256 in hexadecimal. Without https there is no `subtle`. */
async function digestOf(file: Blob): Promise<string | undefined> {
  const { subtle } = crypto as { readonly subtle?: SubtleCrypto }
  if (!subtle) return undefined
  const hash = new Uint8Array(await subtle.digest('SHA-256', await file.arrayBuffer()))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The middle of the picture, square. */
function thumbnailOf(bitmap: ImageBitmap): Promise<Blob> {
  const edge = Math.min(bitmap.width, bitmap.height)
  const [x, y] = [(bitmap.width - edge) / 2, (bitmap.height - edge) / 2]
  const canvas = new OffscreenCanvas(thumbnailEdge, thumbnailEdge)
  const context = canvas.getContext('2d')!
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, x, y, edge, edge, 0, 0, thumbnailEdge, thumbnailEdge)
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 })
}
