import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as koffiPackage from 'koffi'
import type { KoffiFunc } from 'koffi'

/** The foreign-function interface. */
type Koffi = Pick<typeof koffiPackage, 'address' | 'call' | 'decode' | 'load' | 'proto' | 'view'>

/** A native pointer. */
export type Pointer = bigint

/**
 * Places in ONNX Runtime's table of C functions, which only ever grows at its end.
 *
 * @see https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_c_api.h
 */
const functions = {
  GetErrorMessage: [2, 'const char *', ['void *']],
  CreateEnv: [3, 'void *', ['int', 'const char *', 'void *']],
  CreateSessionFromArray: [8, 'void *', ['void *', 'void *', 'size_t', 'void *', 'void *']],
  Run: [9, 'void *', ['void *', 'void *', 'void *', 'void *', 'size_t', 'void *', 'size_t', 'void *']],
  CreateSessionOptions: [10, 'void *', ['void *']],
  DisableMemPattern: [17, 'void *', ['void *']],
  SetSessionGraphOptimizationLevel: [23, 'void *', ['void *', 'int']],
  SetIntraOpNumThreads: [24, 'void *', ['void *', 'int']],
  CreateTensorWithDataAsOrtValue: [
    49,
    'void *',
    ['void *', 'void *', 'size_t', 'void *', 'size_t', 'int', 'void *'],
  ],
  GetTensorMutableData: [51, 'void *', ['void *', 'void *']],
  GetTensorElementType: [60, 'void *', ['void *', 'void *']],
  GetDimensionsCount: [61, 'void *', ['void *', 'void *']],
  GetDimensions: [62, 'void *', ['void *', 'void *', 'size_t']],
  GetTensorTypeAndShape: [65, 'void *', ['void *', 'void *']],
  CreateCpuMemoryInfo: [69, 'void *', ['int', 'int', 'void *']],
  ReleaseStatus: [93, 'void', ['void *']],
  ReleaseSession: [95, 'void', ['void *']],
  ReleaseValue: [96, 'void', ['void *']],
  ReleaseTensorTypeAndShapeInfo: [99, 'void', ['void *']],
  ReleaseSessionOptions: [100, 'void', ['void *']],
  AddSessionConfigEntry: [130, 'void *', ['void *', 'const char *', 'const char *']],
  AddExternalInitializersFromFilesInMemory: [
    279,
    'void *',
    ['void *', 'void *', 'void *', 'void *', 'size_t'],
  ],
} as const

/** The version of the C interface that has all of them: ONNX Runtime 1.18's. */
const apiVersion = 18

type Name = keyof typeof functions
type Argument = Pointer | number | string | NodeJS.ArrayBufferView | null
type Native = KoffiFunc<(...args: Argument[]) => unknown>

/** ONNX Runtime's C interface, out of the library that onnxruntime-node brings along. */
export class OrtApi {
  readonly #functions = new Map<Name, Native>()
  readonly #held = new Set<unknown>()

  constructor(private readonly koffi: Koffi) {
    const library = koffi.load(pinned(koffi, libraryPath()))
    const base = library.func('void *OrtGetApiBase()')() as Pointer
    const getApi = koffi.decode(base, 'void *') as Pointer
    const table = koffi.call(getApi, koffi.proto('void *', ['uint32_t']), apiVersion) as Pointer
    for (const [name, [place, result, parameters]] of Object.entries(functions)) {
      const pointer = koffi.decode(table, place * 8, 'void *') as Pointer
      const type = koffi.proto(result, [...parameters])
      this.#functions.set(name as Name, koffi.decode(pointer, type) as Native)
    }
  }

  /** Calls a function that returns nothing or a status. Throws an `Error` with ONNX Runtime's own message. */
  call(name: Name, ...args: Argument[]): void {
    const status = this.#raw(name, args)
    if (!status) return
    const message = this.#raw('GetErrorMessage', [status as Pointer])
    this.#raw('ReleaseStatus', [status as Pointer])
    throw new Error(String(message))
  }

  /** Calls a function whose last parameter is where it writes a pointer or a number of 64 bits. */
  result(name: Name, ...args: Argument[]): Pointer {
    const result = new BigUint64Array(1)
    this.call(name, ...args, result)
    return result[0]!
  }

  /**
   * Runs `work` while `memory` is referred to: V8 may collect what a function won't use any more before it ends, and
   * ONNX Runtime reads by address.
   */
  holding<T>(memory: unknown, work: () => T): T {
    this.#held.add(memory)
    try {
      return work()
    } finally {
      this.#held.delete(memory)
    }
  }

  /** Where each of `memory` lies, as an array of C. It is to be used within {@link holding}. */
  addresses(memory: readonly NodeJS.ArrayBufferView[]): BigUint64Array {
    return BigUint64Array.from(memory, (part) => this.koffi.address(part))
  }

  /** A copy of memory that ONNX Runtime owns. */
  copy(pointer: Pointer, bytes: number): ArrayBuffer {
    return bytes === 0 ? new ArrayBuffer(0) : this.koffi.view(pointer, bytes).slice(0)
  }

  #raw(name: Name, args: readonly Argument[]): unknown {
    return this.#functions.get(name)!(...args)
  }
}

/** Text as C has it. */
export function cString(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`)
}

function libraryPath(): string {
  const require = createRequire(import.meta.url)
  const root = dirname(require.resolve('onnxruntime-node/package.json'))
  return join(root, 'bin', 'napi-v6', process.platform, process.arch, 'libonnxruntime.so.1')
}

/**
 * Keeps the library in the process: koffi unloads it with the worker that loaded it, while threads of its sessions
 * may still be about.
 */
function pinned(koffi: Koffi, path: string): string {
  const [now, noDelete] = [0x2, 0x1000]
  const dlopen = koffi.load(null).func('void *dlopen(const char *path, int flags)') as Native
  dlopen(path, now | noDelete)
  return path
}
