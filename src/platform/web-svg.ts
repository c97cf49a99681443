import { RuntimeError } from '../core/errors.ts'

/** An SVG document as a PNG file of its own size, drawn by the browser. Needs a page: workers have no `Image`. */
export async function rasterizeSvg(svg: string): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof Image === 'undefined') {
    throw new RuntimeError(
      'pictures with captions are drawn by the page: call visualizeModel and the like there, not in a worker',
    )
  }
  const image = await load(svg)
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight)
  canvas.getContext('2d')!.drawImage(image, 0, 0)
  const blob = await canvas.convertToBlob({ type: 'image/png' })
  return new Uint8Array(await blob.arrayBuffer())
}

async function load(svg: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  try {
    await image.decode()
  } catch (error) {
    throw new RuntimeError(
      "the browser can't draw the captions: if the page has a Content-Security-Policy, its directive img-src must allow data:, as " +
        'in "img-src \'self\' data:"',
      { cause: error },
    )
  }
  return image
}
