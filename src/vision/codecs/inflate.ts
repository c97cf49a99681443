import { Unzlib } from 'fflate'

/** Bytes at a time: they may inflate to a thousand times as many. */
const step = 2 ** 14

/**
 * Inflates a zlib stream in pieces into `target`, and stops when that is full: a small file can't ask for more memory or
 * time than its picture needs.
 *
 * @returns How many bytes there were: fewer than `target` takes if the stream ends before.
 * @throws What fflate throws, if the stream is corrupt or lacks its end.
 */
export function inflate(pieces: readonly Uint8Array[], target: Uint8Array): number {
  let filled = 0
  const stream = new Unzlib((chunk) => {
    target.set(chunk.subarray(0, target.length - filled), filled)
    filled = Math.min(filled + chunk.length, target.length)
  })
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += step) {
      stream.push(piece.subarray(at, at + step))
      if (filled === target.length) return filled
    }
  }
  stream.push(new Uint8Array(), true)
  return filled
}
