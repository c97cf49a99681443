import type { InferenceSession } from 'onnxruntime-node'

import type { BackendSession } from './backend.ts'
import { CapturedSession, type CaptureTools, type StatePairs } from './captured-session.ts'
import type { PackageTensor } from './package-backend.ts'

type Tensors = Readonly<Record<string, PackageTensor>>
type Outputs = ReadonlyMap<string, PackageTensor | undefined>
type Results = ReadonlyMap<string, PackageTensor>

/** Runs of one shape before it is captured. To capture takes about as long as four; so a few runs don't pay for it. */
const patience = 8

/**
 * A session that captures the first shape that comes often, and runs all others as they are. A replay has been reported to
 * compute wrongly: so the first one is compared with a run as it is, bit by bit, and where it differs, or capture fails for any reason,
 * there is none, and a warning.
 *
 * @see https://github.com/microsoft/onnxruntime/issues/29594
 */
export class CapturingSession implements BackendSession<PackageTensor> {
  /** By their shapes. */
  readonly #runs = new Map<string, number>()
  #captured: { readonly session: CapturedSession; readonly shapes: string } | undefined

  /**
   * @param plain - Runs any shape.
   * @param open - Makes a session that records. It's called once at most, and forgotten: it holds the model and its weights.
   */
  constructor(
    private readonly plain: BackendSession<PackageTensor>,
    private readonly pairs: StatePairs,
    private readonly tools: CaptureTools,
    private open: (() => Promise<InferenceSession>) | undefined,
  ) {}

  async run(inputs: Tensors, outputs: Outputs): Promise<Results> {
    const shapes = shapesOf(inputs)
    if (shapes === this.#captured?.shapes) return this.#replay(this.#captured.session, inputs, outputs)
    const results = await this.plain.run(inputs, outputs)
    const runs = (this.#runs.get(shapes) ?? 0) + 1
    this.#runs.set(shapes, runs)
    if (this.open && runs === patience) await this.#capture(this.open, inputs, results)
    return results
  }

  async release(): Promise<void> {
    await this.#captured?.session.release()
    await this.plain.release()
  }

  async #replay(session: CapturedSession, inputs: Tensors, outputs: Outputs): Promise<Results> {
    const results = await session.run(inputs, outputs)
    for (const output of this.pairs.keys()) this.tools.pin(results.get(output)!)
    return results
  }

  /** After a run as it is, whose inputs are still there. */
  async #capture(open: () => Promise<InferenceSession>, inputs: Tensors, results: Results): Promise<void> {
    this.open = undefined
    try {
      const session = await CapturedSession.record(await open(), inputs, results, this.pairs, this.tools)
      if (await this.#isRight(session, inputs, results)) {
        this.#captured = { session, shapes: shapesOf(inputs) }
      } else this.#warn('the first one gave other numbers than the step itself')
    } catch (error) {
      // The run is over, and was right: those that follow are as it was. Of a lost device they tell themselves.
      this.#warn(error instanceof Error ? error.message : String(error))
    }
  }

  #warn(why: string): void {
    this.tools.warn(
      `steps on WebGPU are not replayed, so they may take longer: ${why}. They are right. graphCapture: false doesn't try it.`,
    )
  }

  /** Whether it gives these results; else it's released. */
  async #isRight(session: CapturedSession, inputs: Tensors, results: Results): Promise<boolean> {
    let isRight = false
    try {
      isRight = await this.#areSame(await session.run(inputs, results), results)
    } finally {
      if (!isRight) await session.release()
    }
    return isRight
  }

  async #areSame(found: Results, expected: Results): Promise<boolean> {
    for (const [output, tensor] of expected) {
      const [own, other] = [await this.tools.read(found.get(output)!), await this.tools.read(tensor)]
      if (!isSame(own.data, other.data)) return false
    }
    return true
  }
}

/** What differs from run to run isn't on the device. */
function shapesOf(inputs: Tensors): string {
  const fed = Object.entries(inputs).filter(([, { tensor }]) => tensor.location === 'cpu')
  return fed.map(([name, { shape }]) => `${name}:${shape.join()}`).join(' ')
}

function isSame(one: ArrayBufferView, other: ArrayBufferView): boolean {
  const [bits, expected] = [bitsOf(one), bitsOf(other)]
  return bits.length === expected.length && bits.every((value, index) => value === expected[index])
}

/** Both element types that are on the device have 32. */
const bitsOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / 4)
