/** The pieces in one array. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

const packBytes = 1 << 20

/** The same bytes in fewer pieces: small ones are packed together, so that writing them takes few calls. Large ones stay as they are. */
export function* packPieces(pieces: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  let small: Uint8Array[] = []
  let length = 0
  for (const piece of pieces) {
    if (length + piece.length > packBytes && length > 0) {
      yield joinBytes(small)
      small = []
      length = 0
    }
    if (piece.length > packBytes) yield piece
    else {
      small.push(piece)
      length += piece.length
    }
  }
  if (length > 0) yield joinBytes(small)
}
