/** Tells a file's format by its first bytes, as its name may lie. */

interface Signature {
  readonly name: string
  readonly at: number
  readonly bytes: string
}

// Bytes as Latin-1 characters; the first that fits counts.
const signatures: readonly Signature[] = [
  { name: 'JPEG', at: 0, bytes: '\xff\xd8\xff' },
  { name: 'PNG', at: 0, bytes: '\x89PNG\r\n\x1a\n' },
  { name: 'GIF', at: 0, bytes: 'GIF8' },
  { name: 'WebP', at: 8, bytes: 'WEBP' },
  { name: 'AVIF', at: 4, bytes: 'ftypavif' },
  { name: 'HEIC', at: 4, bytes: 'ftyphei' },
  { name: 'HEIC', at: 4, bytes: 'ftyphev' },
  { name: 'HEIC', at: 4, bytes: 'ftypmif1' },
  { name: 'BMP', at: 0, bytes: 'BM' },
  { name: 'TIFF', at: 0, bytes: 'II*\0' },
  { name: 'TIFF', at: 0, bytes: 'MM\0*' },
  { name: 'JPEG XL', at: 0, bytes: '\xff\x0a' },
  { name: 'JPEG XL', at: 4, bytes: 'JXL \r\n' },
  { name: 'JPEG 2000', at: 4, bytes: 'jP  \r\n' },
  { name: 'PSD', at: 0, bytes: '8BPS' },
  { name: 'PDF', at: 0, bytes: '%PDF' },
  { name: 'ICO', at: 0, bytes: '\0\0\x01\0' },
  { name: 'PNM', at: 0, bytes: 'P5' },
  { name: 'PNM', at: 0, bytes: 'P6' },
  { name: 'Git LFS pointer', at: 0, bytes: 'version https://git-lfs' },
]

/** The name of the format that `bytes` begin like; `'text'` for printable characters; else `undefined`. */
export function sniffFormat(bytes: Uint8Array): string | undefined {
  const head = String.fromCharCode(...bytes.subarray(0, 64))
  const found = signatures.find((signature) => head.startsWith(signature.bytes, signature.at))
  if (found) return found.name
  return head.length > 0 && /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(head) ? 'text' : undefined
}
