import { nextTurn } from '#platform'

import { throwIfAborted } from '../core/errors.ts'
import { bytesOfInput, nameOfInput } from './file-input.ts'
import type { PthValue } from './pth-value.ts'

/** Options of {@link readPth}. */
export interface ReadPthOptions {
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined
  /** What to call the file in messages. Default: its path. */
  readonly source?: string | undefined
}

/**
 * Reads a `.pth` file, whatever tensors and containers it holds; for the weights alone, {@link readStateDict} is
 * simpler. The zip format that `torch.save` writes since PyTorch 1.6 and the legacy one are read, by a restricted
 * unpickler: code in it is refused by name, unrun. The event loop gets its turn every few megabytes.
 *
 * float16 and bfloat16 tensors become float32, which holds all their values, and int8 and int16 become int32; other
 * element types stay. Tensors that share memory in PyTorch share it here, and where they can be they are windows on the
 * file's bytes: copy one before you change it or send it to a worker on its own.
 *
 * @param file - A path, a `File` or the file's bytes; tensors may be windows on them.
 * @throws {@link FileFormatError} if it is no such file, is damaged, or holds code.
 * @throws {@link FileSystemError} if the file can't be read.
 * @throws {@link AbortError} if `signal` is aborted.
 * @see https://pytorch.org/docs/stable/generated/torch.load.html
 *
 * @example
 * ```ts
 * import { readPth } from 'onnx-finetune'
 *
 * const value = await readPth('resnet18.pth')
 * if (value instanceof Map) console.log([...value.keys()])
 * ```
 */
export async function readPth(
  file: string | Uint8Array | Blob,
  options: ReadPthOptions = {},
): Promise<PthValue> {
  const { signal } = options
  const source = options.source ?? nameOfInput(file, 'the .pth file')
  throwIfAborted(signal, `reading ${source}`)
  const { decodePthInSteps } = await import('./pth-decode.ts')
  const steps = decodePthInSteps(await bytesOfInput(file, source, signal), source)
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await nextTurn()
    throwIfAborted(signal, `reading ${source}`)
  }
}
