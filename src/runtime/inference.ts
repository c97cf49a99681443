import { Tensor } from '../core/tensor.ts'
import type { Engine, WireTensors } from './engine.ts'
import { openEngine } from './open-engine.ts'
import type { Device } from './providers.ts'
import { loadProgram, type StartOptions } from './start-engine.ts'

/** How a finished model is run. */
export interface InferenceOptions extends StartOptions {
  /** Default: `'auto'`. */
  readonly device?: Device | 'auto' | undefined
}

/** A model without state, as a file holds it. */
export interface InferenceModel {
  /** It is given away. */
  readonly model: Uint8Array<ArrayBuffer>
  /** Files that it names, by their names. */
  readonly files?: ReadonlyMap<string, Uint8Array<ArrayBuffer>> | undefined
  /** The outputs that are wanted. */
  readonly outputNames: readonly string[]
}

/** A finished model on an engine of its own: tensors in, tensors out. It knows neither pictures nor classes. */
export class Inference {
  private constructor(
    readonly device: Device,
    readonly deviceReason: string,
    private readonly engine: Engine,
  ) {}

  /** Throws {@link RuntimeError} where the device is missing or ONNX Runtime refuses the model. */
  static async start(model: InferenceModel, options: InferenceOptions = {}): Promise<Inference> {
    const { engine, device, reason } = await openEngine(options.device ?? 'auto', options)
    const files = [...(model.files ?? [])]
    const weights: WireTensors = Object.fromEntries(
      files.map(([name, data]) => [name, { dtype: 'uint8', data, shape: [data.length] }]),
    )
    const program = { model: model.model, weights, stateInputs: {}, updates: {}, fetches: model.outputNames }
    try {
      await loadProgram(engine, device, 'inference', program)
    } catch (error) {
      await engine.close()
      throw error
    }
    return new Inference(device, reason, engine)
  }

  /** Runs the model once; the inputs' memory is given away. */
  async run(inputs: Readonly<Record<string, Tensor>>): Promise<Map<string, Tensor>> {
    const outputs = await this.engine.run('inference', inputs, true)
    return new Map(
      Object.entries(outputs).map(([name, { dtype, data, shape }]) => [name, new Tensor(dtype, data, shape)]),
    )
  }

  /** Releases everything. May be called again. */
  close(): Promise<void> {
    return this.engine.close()
  }
}
