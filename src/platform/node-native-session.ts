import { allocate } from '../core/dtype.ts'
import { dataTypeOf, dtypeOf } from '../graph/data-type.ts'
import type { BackendSession } from '../runtime/backend.ts'
import type { WireTensor } from '../runtime/engine.ts'
import { cString, type OrtApi, type Pointer } from './node-ort-api.ts'

/** A session of ONNX Runtime's C interface, on tensors that are JavaScript's. A run blocks the thread. */
export class NativeSession implements BackendSession<WireTensor> {
  #names = new Map<string, Uint8Array>()
  #isReleased = false

  constructor(
    private readonly api: OrtApi,
    private readonly session: Pointer,
    private readonly memory: Pointer,
  ) {}

  run(
    inputs: Readonly<Record<string, WireTensor>>,
    outputs: ReadonlyMap<string, WireTensor | undefined>,
  ): Promise<ReadonlyMap<string, WireTensor>> {
    if (this.#isReleased) throw new Error('the session is released')
    return this.api.holding([inputs, outputs], () => Promise.resolve(this.#run(inputs, outputs)))
  }

  #run(
    inputs: Readonly<Record<string, WireTensor>>,
    outputs: ReadonlyMap<string, WireTensor | undefined>,
  ): ReadonlyMap<string, WireTensor> {
    const given = Object.values(inputs).map((tensor) => this.#value(tensor))
    const written = [...outputs.values()].map((tensor) => (tensor ? this.#value(tensor) : 0n))
    const results = BigUint64Array.from(written)
    try {
      const inputNames = this.api.addresses(Object.keys(inputs).map((name) => this.#name(name)))
      const outputNames = this.api.addresses([...outputs.keys()].map((name) => this.#name(name)))
      const values = BigUint64Array.from(given)
      const { length } = results
      const { session } = this
      this.api.call('Run', session, null, inputNames, values, values.length, outputNames, length, results)
      const tensors = [...outputs].map(
        ([name, tensor], index) => [name, tensor ?? this.#copy(results[index]!)] as const,
      )
      return new Map(tensors)
    } finally {
      for (const value of [...given, ...results]) if (value) this.api.call('ReleaseValue', value)
    }
  }

  release(): Promise<void> {
    if (!this.#isReleased) this.api.call('ReleaseSession', this.session)
    this.#isReleased = true
    return Promise.resolve()
  }

  /** An ONNX Runtime value on the tensor's own memory. */
  #value({ dtype, data, shape }: WireTensor): Pointer {
    const sizes = BigInt64Array.from(shape, BigInt)
    const type = dataTypeOf(dtype)
    const [bytes, rank] = [data.byteLength, shape.length]
    return this.api.result('CreateTensorWithDataAsOrtValue', this.memory, data, bytes, sizes, rank, type)
  }

  /** A tensor of ours with the numbers of a value that ONNX Runtime made. */
  #copy(value: Pointer): WireTensor {
    const info = this.api.result('GetTensorTypeAndShape', value)
    try {
      const dtype = dtypeOf(Number(this.api.result('GetTensorElementType', info)))
      if (!dtype) throw new Error('an output has an element type that the library has not')
      const sizes = new BigInt64Array(Number(this.api.result('GetDimensionsCount', info)))
      this.api.call('GetDimensions', info, sizes, sizes.length)
      const shape = [...sizes].map(Number)
      const data = allocate(
        dtype,
        shape.reduce((product, size) => product * size, 1),
      )
      const bytes = this.api.copy(this.api.result('GetTensorMutableData', value), data.byteLength)
      new Uint8Array(data.buffer).set(new Uint8Array(bytes))
      return { dtype, data, shape }
    } finally {
      this.api.call('ReleaseTensorTypeAndShapeInfo', info)
    }
  }

  #name(name: string): Uint8Array {
    let bytes = this.#names.get(name)
    if (!bytes) this.#names.set(name, (bytes = cString(name)))
    return bytes
  }
}
