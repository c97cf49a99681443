/** What a file is, by its first bytes: names lie. */
export type PictureKind =
  'jpeg' | 'png' | 'gif' | 'webp' | 'bmp' | 'tiff' | 'heic' | 'avif' | 'svg' | 'unknown'

/** How many bytes {@link kindOf} looks at. */
export const headLength = 64

/** The kind of a file that begins with `head`. */
export function kindOf(head: Uint8Array): PictureKind {
  const text = String.fromCharCode(...head.subarray(0, headLength))
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (text.startsWith('\x89PNG')) return 'png'
  if (text.startsWith('GIF8')) return 'gif'
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp'
  if (text.startsWith('BM')) return 'bmp'
  if (text.startsWith('II*\0') || text.startsWith('MM\0*')) return 'tiff'
  if (text.slice(4, 8) === 'ftyp') return /avif|avis/.test(text.slice(8, 32)) ? 'avif' : 'heic'
  if (/^\s*<(\?xml|svg)/.test(text)) return 'svg'
  return 'unknown'
}

/** Why a picture of this kind, which the browser can't show, isn't taken, and what to do. */
export function refusalOf(kind: PictureKind, size: number): string {
  if (size === 0) return 'it is empty'
  if (kind === 'heic') {
    return 'this browser can’t read HEIC pictures: convert it to JPEG, or set the phone’s camera to “Most Compatible”'
  }
  if (kind === 'unknown') return 'it is no picture that this browser knows'
  if (kind === 'tiff' || kind === 'svg')
    return `${kind.toUpperCase()} pictures can’t be read: convert it to JPEG or PNG`
  return `it is a damaged ${kind.toUpperCase()} file`
}
