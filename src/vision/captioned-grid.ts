import { ArgumentError } from '../core/errors.ts'
import { encodePng } from './encode.ts'
import { sizeOfPicture, type Picture } from './picture.ts'

/** A picture with text below it. */
export interface CaptionedPicture {
  readonly picture: Picture
  /** Lines of text, cut where they are longer than the picture is wide. */
  readonly caption: readonly string[]
  /** CSS colour of frame and caption. Default: dark grey, and no frame. */
  readonly color?: string | undefined
}

/** Options of {@link captionedGrid}. */
export interface CaptionedGridOptions {
  /** Pictures in a row. Default: 4. */
  readonly columns?: number | undefined
  /** Height and width of a picture's place, in pixels: pictures are fitted into it. Default: 224. */
  readonly size?: number | undefined
}

const gap = 16
const fontSize = 15
const lineHeight = 20
/** Of DejaVu Sans, on average, as a share of the font's size. */
const letterWidth = 0.55

/** Pictures with captions, row by row, as an SVG document that holds the pixels too. */
export function captionedGrid(
  pictures: readonly CaptionedPicture[],
  { columns = 4, size = 224 }: CaptionedGridOptions = {},
): string {
  if (pictures.length === 0) throw new ArgumentError('there are no pictures to show')
  const lines = Math.max(...pictures.map(({ caption }) => caption.length))
  const step = { x: size + gap, y: size + lines * lineHeight + gap }
  const inRow = Math.min(columns, pictures.length)
  const width = inRow * step.x + gap
  const height = Math.ceil(pictures.length / inRow) * step.y + gap
  const cells = pictures.map((picture, index) => {
    const x = gap + (index % inRow) * step.x
    const y = gap + Math.floor(index / inRow) * step.y
    return `<g transform="translate(${x} ${y})">${cell(picture, size)}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans, sans-serif" font-size="${fontSize}">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...cells,
    '</svg>',
  ].join('\n')
}

function cell({ picture, caption, color }: CaptionedPicture, size: number): string {
  const [height, width] = sizeOfPicture(picture)
  const scale = size / Math.max(height, width)
  const place = `x="${(size - width * scale) / 2}" y="${(size - height * scale) / 2}" width="${width * scale}" height="${height * scale}"`
  const frame = color
    ? `<rect x="-3" y="-3" width="${size + 6}" height="${size + 6}" fill="none" stroke="${escape(color)}" stroke-width="4"/>`
    : ''
  const texts = caption.map(
    (line, index) =>
      `<text x="0" y="${size + 3 + (index + 0.8) * lineHeight}" fill="${escape(color ?? '#333')}">${escape(cut(line, size))}</text>`,
  )
  return `<image ${place} href="data:image/png;base64,${toBase64(encodePng(picture))}"/>${frame}${texts.join('')}`
}

function cut(line: string, size: number): string {
  const letters = Array.from(line)
  const most = Math.floor(size / (fontSize * letterWidth))
  return letters.length <= most ? line : `${letters.slice(0, most - 1).join('')}…`
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => entities[character]!)

function toBase64(bytes: Uint8Array): string {
  const chunk = 0x8000
  let binary = ''
  for (let at = 0; at < bytes.length; at += chunk) {
    binary += String.fromCharCode(...bytes.subarray(at, at + chunk))
  }
  return btoa(binary)
}
