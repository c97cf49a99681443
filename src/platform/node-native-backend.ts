import type { Backend, BackendSession } from '../runtime/backend.ts'
import type { EngineOptions, WireTensor, WireTensors } from '../runtime/engine.ts'
import { NativeSession } from './node-native-session.ts'
import { cString, OrtApi, type Pointer } from './node-ort-api.ts'

/** `ORT_ENABLE_ALL`, `ORT_LOGGING_LEVEL_WARNING`, `OrtArenaAllocator` and `OrtMemTypeDefault` of the C interface. */
const [allOptimizations, warnings, arenaAllocator, defaultMemory] = [99, 2, 1, 0]

/**
 * ONNX Runtime's C interface on the memory of JavaScript's typed arrays: a step reads and writes the state where it
 * lies. Through onnxruntime-node's own binding each step copies the whole new state: 94 MB for ResNet-18, a
 * quarter of the step's time and of its memory.
 *
 * It is `undefined`, and the binding does the work, for other devices than the CPU, beyond Linux (where it wasn't tried),
 * and where koffi, an optional dependency, isn't installed.
 */
export async function openNativeBackend(options: EngineOptions): Promise<Backend | undefined> {
  if (options.device !== 'cpu' || options.isNative === false) return undefined
  if (process.platform !== 'linux') return undefined
  const api = await openApi()
  return api && new NativeBackend(api, options)
}

async function openApi(): Promise<OrtApi | undefined> {
  try {
    return new OrtApi((await import('koffi')).default)
  } catch {
    return undefined
  }
}

class NativeBackend implements Backend<WireTensor> {
  readonly writesInto = true
  readonly #environment: Pointer
  readonly #memory: Pointer

  constructor(
    private readonly api: OrtApi,
    private readonly options: EngineOptions,
  ) {
    this.#environment = api.result('CreateEnv', warnings, 'onnx-finetune')
    this.#memory = api.result('CreateCpuMemoryInfo', arenaAllocator, defaultMemory)
  }

  take(tensor: WireTensor): WireTensor {
    return tensor
  }

  keep(tensor: WireTensor): Promise<WireTensor> {
    return Promise.resolve(tensor)
  }

  read(tensor: WireTensor): Promise<WireTensor> {
    return Promise.resolve(tensor)
  }

  createSession(model: Uint8Array, weights: WireTensors): Promise<BackendSession<WireTensor>> {
    const { api } = this
    const options = api.result('CreateSessionOptions')
    try {
      this.#set(options)
      const entries = Object.entries(weights)
      const names = entries.map(([name]) => cString(name))
      const session = api.holding([entries, names], () => this.#create(options, model, entries, names))
      return Promise.resolve(new NativeSession(api, session, this.#memory))
    } finally {
      api.call('ReleaseSessionOptions', options)
    }
  }

  #create(
    options: Pointer,
    model: Uint8Array,
    entries: readonly (readonly [string, WireTensor])[],
    names: readonly Uint8Array[],
  ): Pointer {
    const { api } = this
    const sizes = BigUint64Array.from(entries, ([, { data }]) => BigInt(data.byteLength))
    const addresses = api.addresses(entries.map(([, { data }]) => data))
    const paths = api.addresses(names)
    api.call('AddExternalInitializersFromFilesInMemory', options, paths, addresses, sizes, entries.length)
    return api.result('CreateSessionFromArray', this.#environment, model, model.length, options)
  }

  #set(options: Pointer): void {
    const { api } = this
    api.call('SetSessionGraphOptimizationLevel', options, allOptimizations)
    // As in PackageBackend.
    api.call('DisableMemPattern', options)
    api.call('AddSessionConfigEntry', options, 'session.force_spinning_stop', '1')
    const { threads } = this.options
    if (threads !== undefined) api.call('SetIntraOpNumThreads', options, threads)
  }
}
