import { OnnxFinetuneError, OutOfMemoryError, RuntimeError } from '../core/errors.ts'

/**
 * How ONNX Runtime says that memory ran out: the CPU's and WebAssembly's allocators; sizes beyond WebAssembly's 32 bits;
 * JavaScript's own; WebGPU's limit on one buffer, and its driver's.
 */
const outOfMemory =
  /bad_alloc|Failed to allocate memory|SafeIntOnOverflow|allocation failed|could not allocate memory|out of memory|OOM|exceeds the max buffer size|Allocation size too large/i

/** ONNX Runtime throws plain errors: `work`, with errors of this library's classes. */
export async function typed<T>(work: () => Promise<T>, what: string): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof OnnxFinetuneError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (outOfMemory.test(reason)) throw new OutOfMemoryError(`${what}: ${reason}`, { cause })
    throw new RuntimeError(`ONNX Runtime can't ${what}: ${reason}`, { cause })
  }
}
