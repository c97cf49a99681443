import type { DType } from '../core/dtype.ts'
import type { WireTensor } from './engine.ts'

/** A tensor in a backend's keeping. */
export interface HeldTensor {
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** A way to ONNX Runtime: what the engine asks of one. `T` is the tensor as the backend has it. */
export interface Backend<T extends HeldTensor = HeldTensor> {
  /**
   * Whether a run writes its outputs into tensors that it is given. Else each run makes new ones, and an old one is
   * freed when nobody refers to it.
   */
  readonly writesInto: boolean
  /** `tensor` in the backend's keeping: its memory must not be used any more. */
  take(tensor: WireTensor): T
  /** The numbers of a tensor, perhaps a window on the backend's memory. */
  read(tensor: T): WireTensor
  /** Makes a session of a model and its constants outside of it, which may be dropped then. */
  createSession(model: Uint8Array, weights: Readonly<Record<string, WireTensor>>): Promise<BackendSession<T>>
}

/** A model that is ready to run. */
export interface BackendSession<T extends HeldTensor> {
  /** Runs the model: input name → tensor in; output name → tensor out, the very one that was given to be written to. */
  run(
    inputs: Readonly<Record<string, T>>,
    outputs: ReadonlyMap<string, T | undefined>,
  ): Promise<ReadonlyMap<string, T>>
  release(): Promise<void>
}
