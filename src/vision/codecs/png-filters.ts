/** PNG's filters, which make rows easier to compress: undone when a file is read, applied when it is written. */

/**
 * Undoes the filters of `rows` rows in place. Each row is a byte that names its filter, and `rowBytes` bytes.
 *
 * @param start - Where the first row's filter byte is.
 * @param pixelBytes - How far back the left neighbour is: the bytes of a pixel, 1 if it is smaller.
 * @returns Whether all filters are known ones.
 */
export function unfilterRows(
  raw: Uint8Array,
  start: number,
  rows: number,
  rowBytes: number,
  pixelBytes: number,
): boolean {
  for (let row = 0; row < rows; row++) {
    const from = start + row * (rowBytes + 1) + 1
    const filter = row === 0 ? filterOfFirstRow(raw[from - 1]!) : raw[from - 1]!
    const undo = inverses[filter]
    if (!undo) return false
    undo(raw, from, from + rowBytes, pixelBytes, rowBytes + 1)
  }
  return true
}

const none = 0
const sub = 1
const up = 2
const average = 3
const paeth = 4
/** {@link average} with nothing above; no byte of a file can be this. */
const firstAverage = 256

/** Above the first row are zeros: its filters become simpler ones. */
function filterOfFirstRow(filter: number): number {
  if (filter === up) return none
  if (filter === average) return firstAverage
  return filter === paeth ? sub : filter
}

/** Adds to `raw[from … to − 1]` what the filter predicts from the left (`left` bytes before) and above (`above` bytes before). */
type Inverse = (raw: Uint8Array, from: number, to: number, left: number, above: number) => void

const inverses: Readonly<Record<number, Inverse>> = {
  [none]: () => undefined,
  [sub]: (raw, from, to, left) => {
    for (let at = from + left; at < to; at++) raw[at]! += raw[at - left]!
  },
  [up]: (raw, from, to, _, above) => {
    for (let at = from; at < to; at++) raw[at]! += raw[at - above]!
  },
  [average]: (raw, from, to, left, above) => {
    const second = Math.min(from + left, to)
    for (let at = from; at < second; at++) raw[at]! += raw[at - above]! >> 1
    for (let at = second; at < to; at++) raw[at]! += (raw[at - left]! + raw[at - above]!) >> 1
  },
  [firstAverage]: (raw, from, to, left) => {
    for (let at = from + left; at < to; at++) raw[at]! += raw[at - left]! >> 1
  },
  [paeth]: (raw, from, to, left, above) => {
    const second = Math.min(from + left, to)
    for (let at = from; at < second; at++) raw[at]! += raw[at - above]!
    for (let at = second; at < to; at++) {
      raw[at]! += predict(raw[at - left]!, raw[at - above]!, raw[at - above - left]!)
    }
  },
}

/** Paeth's predictor: of left, above and above left the one that is nearest to left + above − above left. */
function predict(a: number, b: number, c: number): number {
  const toA = Math.abs(b - c)
  const toB = Math.abs(a - c)
  const toC = Math.abs(a + b - 2 * c)
  if (toA <= toB && toA <= toC) return a
  return toB <= toC ? b : c
}

/** All rows of an 8-bit picture, each with Paeth's filter, which suits photographs. */
export function filterRows(pixels: Uint8Array, height: number, rowBytes: number, pixelBytes: number) {
  const filtered = new Uint8Array(height * (rowBytes + 1))
  for (let row = 0, to = 0; row < height; row++) {
    filtered[to++] = paeth
    for (let x = 0, at = row * rowBytes; x < rowBytes; x++, at++) {
      const a = x >= pixelBytes ? pixels[at - pixelBytes]! : 0
      const b = row > 0 ? pixels[at - rowBytes]! : 0
      const c = x >= pixelBytes && row > 0 ? pixels[at - rowBytes - pixelBytes]! : 0
      filtered[to++] = pixels[at]! - predict(a, b, c)
    }
  }
  return filtered
}
