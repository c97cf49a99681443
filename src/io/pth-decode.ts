import { decodePthArchive } from './pth-archive.ts'
import { decodeLegacyPth, isBarePickle } from './pth-legacy.ts'
import type { PthValue } from './pth-value.ts'

/**
 * Reads the bytes of a `.pth` file, of the zip format that `torch.save` writes since PyTorch 1.6 or of the legacy one.
 * Its pickle is run by a restricted unpickler that builds tensors and containers; anything else in it is refused by
 * name, unrun. What is read takes no more memory than the tensors: where it can, it is windows on `bytes`.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} if it is no such file, is damaged, or holds code.
 * @see https://pytorch.org/docs/stable/generated/torch.save.html
 */
export function decodePth(bytes: Uint8Array, source = 'the .pth file'): PthValue {
  const steps = decodePthInSteps(bytes, source)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** The same, but yields every few megabytes so that the caller can let other work run. */
export function* decodePthInSteps(bytes: Uint8Array, source: string): Generator<void, PthValue, void> {
  // Tensors are backed by ordinary memory: bytes shared between threads are copied.
  const own = bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
  if (isBarePickle(own)) return decodeLegacyPth(own, source)
  return yield* decodePthArchive(own, source)
}
