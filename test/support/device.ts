import { loadRuntime } from '../../src/platform/node-runtime.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { identityModel } from '../../src/runtime/identity-model.ts'
import { openSession } from '../../src/runtime/package-backend.ts'
import { checkDevice, type Device } from '../../src/runtime/providers.ts'

/** The device that the public suites run on: the variable ONNX_FINETUNE_TEST_DEVICE, else the CPU. */
export const testDevice: Device = checkDevice(process.env.ONNX_FINETUNE_TEST_DEVICE ?? 'cpu')

/** What graphs are lowered for. The CPU runs those for WebGPU too: so are their formulations checked where there is none. */
export const lowerings: readonly Device[] = testDevice === 'cpu' ? ['cpu', 'webgpu'] : [testDevice]

/** A model on {@link testDevice}. */
export interface TestSession {
  /** Feeds what of `feeds` the model takes; gives the outputs `wanted`, or all. */
  run(feeds: Readonly<Record<string, Tensor>>, wanted?: readonly string[]): Promise<Record<string, Tensor>>
  release(): Promise<void>
}

/**
 * Kept open to the end: with its last session WebGPU's device goes, and the programs that it has compiled, half a second
 * for some.
 */
let keeper: Promise<unknown> | undefined

/** Makes a session with the library's own options, on one thread. */
export async function openTestSession(model: Uint8Array): Promise<TestSession> {
  const runtime = await loadRuntime(testDevice, { threads: 1 })
  const open = (bytes: Uint8Array) =>
    openSession(runtime, { device: testDevice, threads: 1 }, { model: bytes })
  keeper ??= open(identityModel('float32'))
  await keeper
  const session = await open(model)
  return {
    run: async (feeds, wanted = session.outputNames) => {
      const inputs = session.inputNames.map((name) => {
        const { dtype, data, shape } = feeds[name]!
        return [name, new runtime.Tensor(dtype, data as never, shape)] as const
      })
      const results = await session.run(Object.fromEntries(inputs), [...wanted])
      const tensors = Object.entries(results).map(([name, { type, data, dims }]) => {
        return [name, new Tensor(type as 'float32', data as Float32Array<ArrayBuffer>, [...dims])] as const
      })
      return Object.fromEntries(tensors)
    },
    release: () => session.release(),
  }
}
