import type { DType, TypedArray } from '../core/dtype.ts'
import type { Device } from './providers.ts'

/**
 * The engine: ONNX Runtime sessions ("programs") and named tensors that stay where they are computed
 * (parameters, buffers, optimizer state). What crosses its border are batches, scalars and results.
 */

/** A tensor as plain data, for the border of a worker. */
export interface WireTensor {
  readonly dtype: DType
  readonly data: TypedArray
  readonly shape: readonly number[]
  /** For {@link Engine.push} on WebGPU: what the device keeps float32 numbers in. Default: as they are. */
  readonly storage?: 'float16' | undefined
}

/** Tensors by name. */
export type WireTensors = Readonly<Record<string, WireTensor>>

/** A tensor of zeros, without them. */
export type ZeroTensor = Pick<WireTensor, 'dtype' | 'shape'>

/** A model and how its inputs and outputs meet the resident tensors. */
export interface Program {
  /** The serialised ONNX model. It is given away: an engine in a worker takes its memory. */
  readonly model: Uint8Array<ArrayBuffer>
  /** Its constants that lie outside of `model`, by name: see `serializeApart`. */
  readonly weights?: WireTensors
  /**
   * Further constants outside of `model`: their name → name of the resident tensor that they are. The session is made
   * by the first run, and anew by the first run after one of them changed; until then it's released.
   */
  readonly residentWeights?: Readonly<Record<string, string>>
  /** Input name → name of the resident tensor that is fed to it. */
  readonly stateInputs: Readonly<Record<string, string>>
  /** Output name → name of the resident tensor that it replaces when the run is over. */
  readonly updates: Readonly<Record<string, string>>
  /** Resident tensors whose replacement may be written over them. Default: none. */
  readonly inPlace?: readonly string[]
  /** Outputs that are returned. */
  readonly fetches: readonly string[]
}

/** What an engine is started with. */
export interface EngineOptions {
  readonly device: Device
  /** Which of several devices of that kind: CUDA alone has a choice. */
  readonly deviceId?: number | undefined
  /** Threads inside of an operator; the default is ONNX Runtime's: one a core. */
  readonly threads?: number | undefined
  /** Default: ONNX Runtime's C interface where that is possible; `false`: the package's JavaScript interface. */
  readonly isNative?: boolean | undefined
  /** Whether WebGPU's commands may be recorded and replayed, where that is possible. Default: true. */
  readonly graphCapture?: boolean | undefined
}

/** The methods on both sides of the border. */
export interface Engine {
  /** Makes the session `name`; one of that name is released first. */
  load(name: string, program: Program): Promise<void>
  /** Runs a program once: `feeds` and resident tensors in, `fetches` out, resident tensors replaced. */
  run(name: string, feeds: WireTensors, transfer?: boolean): Promise<WireTensors>
  /** Puts resident tensors; with `transfer` their memory is given away, else it is copied. */
  push(tensors: WireTensors, transfer?: boolean): Promise<void>
  /** Puts resident tensors of zeros, which needn't cross the border. */
  zeros(tensors: Readonly<Record<string, ZeroTensor>>): Promise<void>
  /** Copies of resident tensors. */
  pull(names: readonly string[]): Promise<WireTensors>
  /** Remembers the resident tensors `names` under `key`; nothing is copied or crosses the border. */
  snapshot(key: string, names: readonly string[]): Promise<void>
  /** Makes the tensors remembered under `key` resident again. */
  restore(key: string): Promise<void>
  /** What failed and was got around since this was last asked, as sentences. */
  warnings(): Promise<readonly string[]>
  /** For tests: loses the graphics device, as a driver's crash would. */
  loseDevice(): Promise<void>
  /** Releases everything. May be called again. */
  close(): Promise<void>
}
