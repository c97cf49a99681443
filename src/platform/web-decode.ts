import type { BrowserPicture } from './platform.ts'

/**
 * Decodes a picture of any format that the browser knows; of an animation the first frame. Colour profiles are not applied, as
 * by Pillow. Transparent pixels come out on black, as a canvas can't keep their colours. EXIF's orientation is always applied
 * (Chromium takes `imageOrientation: 'none'` for another name of `'from-image'`): whoever doesn't want that takes it out of the file.
 */
export async function decodeByBrowser(
  bytes: Uint8Array<ArrayBuffer>,
  maxPixels: number,
): Promise<BrowserPicture> {
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  })
  const { width, height } = bitmap
  try {
    if (width * height > maxPixels) return { width, height, rgba: undefined }
    const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })!
    context.drawImage(bitmap, 0, 0)
    return { width, height, rgba: context.getImageData(0, 0, width, height).data }
  } finally {
    bitmap.close()
  }
}
