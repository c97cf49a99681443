import type { InferenceSession } from 'onnxruntime-node'

import { Tensor } from '../core/tensor.ts'
import type { WireTensor } from './engine.ts'
import { copyOnDevice, writeToDevice, type GpuDevice } from './gpu-device.ts'
import { runSession, type PackageTensor } from './package-backend.ts'

/** What a session that is captured asks of its backend. */
export interface CaptureTools {
  readonly device: GpuDevice
  take(tensor: WireTensor): PackageTensor
  /**
   * A copy in a buffer of ONNX Runtime's own: it frees its handles of others after the first run, though the session has
   * them still. Rejects for types that WebGPU doesn't have.
   */
  copy(tensor: PackageTensor): Promise<PackageTensor>
  read(tensor: PackageTensor): Promise<WireTensor>
  release(session: InferenceSession): Promise<void>
  /** Keeps a buffer from being disposed of before it is freed, and notes that somebody else has it from now on. */
  pin(tensor: PackageTensor): void
  /** Tells the user that there is no recording. */
  warn(message: string): void
  /** Disposes of a buffer, unless somebody else has it. */
  free(tensor: PackageTensor): void
}

/** Outputs that are an input's next value, and their inputs. */
export type StatePairs = ReadonlyMap<string, string>

type Tensors = Readonly<Record<string, PackageTensor>>

/**
 * A session whose commands for the device are recorded by its first run, and replayed by those that follow: in the same
 * buffers each time. ONNX Runtime binds them at the first run and ignores what it is given later. So inputs are copied into
 * them, and the next state over the one that it came from.
 *
 * @see https://github.com/microsoft/onnxruntime/pull/24900
 */
export class CapturedSession {
  readonly #fixed: Record<string, PackageTensor> = {}
  /** What was copied last into inputs that no output replaces: most of them are the same for ever. */
  readonly #copied = new Map<string, PackageTensor>()
  readonly #states: ReadonlySet<string>

  private constructor(
    private readonly session: InferenceSession,
    private readonly pairs: StatePairs,
    private readonly tools: CaptureTools,
  ) {
    this.#states = new Set(pairs.values())
  }

  /**
   * Records a session with `enableGraphCapture`, with zeros for what isn't on the device: no later run can give the same
   * results without computing them. Throws what ONNX Runtime throws; the session is released then.
   */
  static async record(
    session: InferenceSession,
    inputs: Tensors,
    outputs: ReadonlyMap<string, unknown>,
    pairs: StatePairs,
    tools: CaptureTools,
  ): Promise<CapturedSession> {
    const captured = new CapturedSession(session, pairs, tools)
    try {
      for (const [name, tensor] of Object.entries(inputs)) captured.#fixed[name] = await tools.copy(tensor)
      await captured.run(withZeros(inputs, tools), outputs)
      return captured
    } catch (error) {
      await captured.release()
      throw error
    }
  }

  /** As {@link BackendSession.run}. The state that comes out is the session's own, and the next run overwrites it. */
  async run(
    inputs: Tensors,
    outputs: ReadonlyMap<string, unknown>,
  ): Promise<ReadonlyMap<string, PackageTensor>> {
    this.#feed(inputs)
    const results = [...(await runSession(this.session, this.#fixed, outputs))]
    const next = results.flatMap(([output, tensor]) => {
      const state = this.#stateOf(output)
      return state ? [[tensor, state] as const] : []
    })
    copyOnDevice(this.tools.device, next)
    const given = results.map(async ([output, result]) => {
      const tensor = this.#stateOf(output) ?? (await this.#download(result))
      // A reference: the buffer stays, bound to the session.
      result.tensor.dispose()
      return [output, tensor] as const
    })
    return new Map(await Promise.all(given))
  }

  /** Ends the session, and lets go of its buffers. */
  async release(): Promise<void> {
    await this.tools.release(this.session)
    for (const tensor of Object.values(this.#fixed)) this.tools.free(tensor)
  }

  /** Where an output's next value is put; `undefined` for those that aren't state. */
  #stateOf(output: string): PackageTensor | undefined {
    const input = this.pairs.get(output)
    return input === undefined ? undefined : this.#fixed[input]
  }

  #feed(inputs: Tensors): void {
    const { device } = this.tools
    const moved: [PackageTensor, PackageTensor][] = []
    for (const [name, given] of Object.entries(inputs)) {
      const fixed = this.#fixed[name]!
      if (given.tensor.location === 'cpu') writeToDevice(device, given, fixed)
      else if (given !== fixed && given !== this.#copied.get(name)) {
        moved.push([given, fixed])
        if (!this.#states.has(name)) this.#copied.set(name, given)
      }
    }
    if (moved.length > 0) copyOnDevice(device, moved)
  }

  async #download({ tensor, dtype, shape }: PackageTensor): Promise<PackageTensor> {
    const data = (await tensor.getData()) as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>
    return this.tools.take({ dtype, data, shape })
  }
}

function withZeros(inputs: Tensors, tools: CaptureTools): Tensors {
  const tensors = Object.entries(inputs).map(([name, given]) => {
    const isFed = given.tensor.location === 'cpu'
    return [name, isFed ? tools.take(Tensor.zeros(given.shape, given.dtype)) : given] as const
  })
  return Object.fromEntries(tensors)
}
