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
  if (head.startsWith('ftyp', 4)) return formatOfBrands(head)
  const found = signatures.find((signature) => head.startsWith(signature.bytes, signature.at))
  if (found) return found.name
  return head.length > 0 && /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(head) ? 'text' : undefined
}

/** The first box lists who can read the file: its main brand, a version and further brands, four letters each. */
function formatOfBrands(head: string): string | undefined {
  const size = (head.charCodeAt(2) << 8) + head.charCodeAt(3)
  const brands = head.slice(8, size).match(/[^]{4}/g) ?? []
  const has = (pattern: RegExp) => brands.some((brand) => pattern.test(brand))
  // Both may call themselves mif1, the container's name.
  if (has(/^avi[fs]$/)) return 'AVIF'
  return has(/^(hei|hev|mif1|msf1)/) ? 'HEIC' : undefined
}
