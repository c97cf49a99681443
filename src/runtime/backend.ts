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
   * disposed of when nobody refers to it.
   */
  readonly writesInto: boolean
  /** `tensor` for one run: its memory must not be used any more. */
  take(tensor: WireTensor): T
  /** `tensor` for many runs, where they read it fastest; as {@link take} else. */
  keep(tensor: WireTensor): Promise<T>
  /** The numbers of a tensor, perhaps a window on the backend's memory. */
  read(tensor: T): Promise<WireTensor>
  /** Frees what was kept or came out of a run as state; called once for each. Without it, that is JavaScript's memory. */
  dispose?(tensor: T): void
  /** A tensor of the same numbers that no run overwrites, to be kept; without it, runs overwrite none. */
  preserve?(tensor: T): Promise<T>
  /**
   * Makes a session of a model and its constants outside of it, which may be dropped then. `states` are the outputs that
   * stay in the backend's keeping, with the input, if there is one, whose next value each is.
   */
  createSession(
    model: Uint8Array,
    weights: Readonly<Record<string, WireTensor>>,
    states: ReadonlyMap<string, string | undefined>,
  ): Promise<BackendSession<T>>
  /** As the engine's `warnings`. */
  warnings?(): readonly string[]
  /** For tests: loses the device. */
  loseDevice?(): void
  /** When all sessions are released and all tensors disposed of. */
  close?(): Promise<void>
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
