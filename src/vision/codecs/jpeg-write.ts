import encode from 'jpeg-js/lib/encoder.js'

/** What jpeg-js asks of Node's `Buffer`. */
const standIn = { from: (bytes: readonly number[]) => Uint8Array.from(bytes) }

/**
 * RGBA pixels as a JPEG file. jpeg-js makes a `Buffer` of it wherever there is a `module`, as bundlers give it in pages too:
 * there it gets a stand-in, for as long as it runs.
 */
export function writeJpeg(
  data: Uint8Array,
  width: number,
  height: number,
  quality: number,
): Uint8Array<ArrayBuffer> {
  const scope = globalThis as { Buffer?: unknown }
  const isMissing = scope.Buffer === undefined
  if (isMissing) scope.Buffer = standIn
  try {
    // On memory of its own, and without Node's Buffer around it, whose methods differ from a Uint8Array's.
    return new Uint8Array(encode({ width, height, data }, quality).data)
  } finally {
    if (isMissing) delete scope.Buffer
  }
}
