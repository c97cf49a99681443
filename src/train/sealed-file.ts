import { FileFormatError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import { decodeSafetensors, type SafetensorsFile } from '../io/safetensors-decode.ts'
import { safetensorsPieces } from '../io/safetensors-encode.ts'

/**
 * `.safetensors` files that tell by themselves whether they are whole: their last tensor, `sha256`, is the hash of all bytes
 * before it. It is the SHA-256 of the SHA-256s of each 1 MiB: WebCrypto can't hash a stream, and copies what it is given
 * on the caller's thread, which for a whole checkpoint would hold it up for a tenth of a second.
 */

const pieceBytes = 1 << 20
const hashBytes = 32
const seal = 'sha256'

/** A sealed file's bytes, made while they are written. */
export interface SealedFile {
  /** Each block has the memory of the one before. */
  readonly blocks: AsyncIterable<Uint8Array>
  /** In hexadecimal, once all blocks were read. */
  readonly sha256: () => string
}

/** Seals tensors and texts. The tensors must stay as they are until all blocks were read. */
export function sealFile(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>>,
): SealedFile {
  const pieces = safetensorsPieces(new Map(tensors).set(seal, Tensor.zeros([hashBytes], 'uint8')), metadata)
  let hash: Uint8Array | undefined
  async function* blocks(): AsyncGenerator<Uint8Array, void, undefined> {
    const hashes: Promise<Uint8Array>[] = []
    for (const block of blocksOf(pieces.slice(0, -1))) {
      hashes.push(sha256(block))
      yield block
    }
    hash = await hashOf(hashes)
    yield hash
  }
  return { blocks: blocks(), sha256: () => toHex(hash!) }
}

/** A sealed file's content. */
export interface Unsealed extends SafetensorsFile {
  /** In hexadecimal. */
  readonly sha256: string
}

/**
 * Checks a sealed file's hash and reads it.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} where a single bit isn't as it was written.
 */
export async function unsealFile(bytes: Uint8Array<ArrayBuffer>, source: string): Promise<Unsealed> {
  const end = Math.max(bytes.length - hashBytes, 0)
  const found = bytes.subarray(end)
  const hashes: Promise<Uint8Array>[] = []
  for (let start = 0; start < end; start += pieceBytes) {
    const hash = sha256(bytes.subarray(start, Math.min(start + pieceBytes, end)))
    hashes.push(hash)
    await hash
  }
  const expected = await hashOf(hashes)
  if (found.length < hashBytes || expected.some((byte, index) => byte !== found[index])) {
    throw new FileFormatError(
      `${source} is damaged: its hash (SHA-256) is not the one that was written with it, so it was changed or is cut off`,
    )
  }
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  tensors.delete(seal)
  return { tensors, metadata, sha256: toHex(found) }
}

/** The pieces as blocks of equal size, in the same memory one after the other. */
function* blocksOf(pieces: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const block = new Uint8Array(pieceBytes)
  let filled = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + pieceBytes - filled)
      block.set(part, filled)
      at += part.length
      filled += part.length
      if (filled < pieceBytes) continue
      yield block
      filled = 0
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}

async function hashOf(hashes: readonly Promise<Uint8Array>[]): Promise<Uint8Array> {
  const all = await Promise.all(hashes)
  const joined = new Uint8Array(all.length * hashBytes)
  all.forEach((hash, index) => {
    joined.set(hash, index * hashBytes)
  })
  return sha256(joined)
}

/** WebCrypto copies the bytes before it returns: they may change afterwards. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', bytes))
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
