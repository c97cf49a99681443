import { crc32 } from '../../src/io/crc32.ts'

/** Pickle opcodes by hand: strings are text, numbers are bytes. */
export function bytesOf(...parts: (string | number | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    parts.flatMap((part) => {
      if (typeof part === 'number') return [part]
      return typeof part === 'string' ? [...new TextEncoder().encode(part)] : [...part]
    }),
  )
}

/** A stored zip of the given files, as torch.save lays it out. */
export function archiveOf(files: Record<string, Uint8Array>): Uint8Array<ArrayBuffer> {
  return zipOf(Object.entries(files).map(([name, bytes]) => [`archive/${name}`, bytes]))
}

/** A stored zip; unlike an honest writer it takes any names, twice too. */
export function zipOf(files: readonly (readonly [string, Uint8Array])[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let offset = 0
  for (const [path, bytes] of files) {
    const name = bytesOf(path)
    const common = [
      ...word(0),
      ...word(0),
      ...word(crc32(bytes)),
      ...word(bytes.length),
      ...word(bytes.length),
    ]
    const lengths = [...half(name.length), ...half(0)]
    const local = bytesOf('PK', 3, 4, ...half(20), ...common, ...lengths, name)
    directory.push(
      bytesOf(
        'PK',
        1,
        2,
        ...half(20),
        ...half(20),
        ...common,
        ...lengths,
        ...half(0),
        ...word(0),
        ...word(0),
        ...word(offset),
        name,
      ),
    )
    parts.push(local, bytes)
    offset += local.length + bytes.length
  }
  const size = directory.reduce((sum, header) => sum + header.length, 0)
  const count = half(files.length)
  const end = bytesOf(
    'PK',
    5,
    6,
    ...half(0),
    ...half(0),
    ...count,
    ...count,
    ...word(size),
    ...word(offset),
    ...half(0),
  )
  return bytesOf(...parts, ...directory, end)
}

function half(value: number): number[] {
  return [value & 255, value >>> 8]
}

function word(value: number): number[] {
  return [...half(value & 0xffff), ...half(value >>> 16)]
}
