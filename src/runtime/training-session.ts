import { ArgumentError, DTypeError, RuntimeError, ShapeError } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import type { Module } from '../nn/module.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import type { Engine, WireTensor, WireTensors } from './engine.ts'
import { chooseDevice, type Device } from './providers.ts'
import { loadProgram, startEngine, type StartOptions } from './start-engine.ts'
import {
  buildEvaluation,
  buildTraining,
  type Built,
  type Criterion,
  type TrainingPlan,
} from './training-graph.ts'

/** Options of {@link TrainingSession.create}. */
export interface TrainingSessionOptions extends StartOptions {
  readonly criterion: Criterion
  readonly optimizer: Optimizer
  /** Default: `'auto'`. */
  readonly device?: Device | 'auto'
  /** Draws Dropout's masks. Default: seed 0. */
  readonly generator?: Generator
}

/** Result of a step. */
export interface SessionStep {
  readonly loss: number
  /** Logits `[N, classes]`. */
  readonly outputs: Tensor
}

/**
 * A model on a device, with its optimizer: forward pass, loss, backward pass and update are one run of one graph.
 * Parameters, buffers and optimizer state stay on the device until {@link pull}.
 *
 * The graphs are built at the first batch of each kind, with the modules' `training` flags and the frozen parameters of
 * that moment; frozen parameters become constants.
 */
export class TrainingSession {
  readonly #model: Module
  readonly #options: TrainingSessionOptions
  readonly #engine: Engine
  readonly #generator: Generator
  #training: TrainingPlan | undefined
  #evaluation: Built | undefined
  #inputShape: readonly number[] | undefined
  #trained = 0

  private constructor(
    model: Module,
    options: TrainingSessionOptions,
    engine: Engine,
    /** The device that runs it. */
    readonly device: Device,
  ) {
    this.#model = model
    this.#options = options
    this.#engine = engine
    this.#generator = options.generator ?? new Generator()
  }

  /** Starts the engine. Throws {@link RuntimeError} with the remedy where the device or ONNX Runtime is missing. */
  static async create(model: Module, options: TrainingSessionOptions): Promise<TrainingSession> {
    const { device } = chooseDevice(options.device ?? 'auto')
    return new TrainingSession(model, options, await startEngine(device, options), device)
  }

  /**
   * One step of training on inputs `[N, …]` (float32) and labels `[N]` (int32 class indices).
   *
   * @throws {@link ShapeError}, {@link DTypeError} or {@link ArgumentError} for a batch that doesn't fit.
   */
  async trainStep(inputs: Tensor, labels: Tensor): Promise<SessionStep> {
    this.#check(inputs, labels)
    const plan = (this.#training ??= await this.#loadTraining())
    checkLabels(labels, plan.classes)
    const feeds = {
      ...batchFeeds(plan, inputs, labels),
      ...plan.scalars(),
      ...this.#masks(plan, inputs.shape[0]!),
    }
    const results = await this.#engine.run('train', feeds)
    this.#options.optimizer.countStep()
    this.#trained++
    return stepOf(plan, results)
  }

  /** Loss and logits in evaluation mode; changes nothing. */
  async evalStep(inputs: Tensor, labels: Tensor): Promise<SessionStep> {
    this.#check(inputs, labels)
    const built = (this.#evaluation ??= await this.#loadEvaluation())
    checkLabels(labels, built.classes)
    return stepOf(built, await this.#engine.run('eval', batchFeeds(built, inputs, labels)))
  }

  /** Logits in evaluation mode. */
  async predict(inputs: Tensor): Promise<Tensor> {
    const labels = Tensor.zeros([inputs.shape[0] ?? 0], 'int32')
    return (await this.evalStep(inputs, labels)).outputs
  }

  /** Copies trained parameters, buffers and optimizer state from the device into the module and the optimizer. */
  async pull(): Promise<void> {
    const plan = this.#training
    if (!plan) return
    const tensors = await this.#engine.pull(plan.stateNames)
    plan.store((name) => toTensor(tensors[name]!), this.#trained)
    this.#trained = 0
  }

  /** Keeps parameters and buffers as they are now, on the device. */
  async snapshot(): Promise<void> {
    const plan = (this.#training ??= await this.#loadTraining())
    await this.#engine.snapshot('best', plan.modelNames)
  }

  /** Loads the last snapshot back. */
  async restore(): Promise<void> {
    await this.#engine.restore('best')
  }

  /** Releases the device and stops the worker. May be called again. */
  async close(): Promise<void> {
    await this.#engine.close()
  }

  async #loadTraining(): Promise<TrainingPlan> {
    const { criterion, optimizer } = this.#options
    const plan = buildTraining(this.#model, this.#shape(), criterion, optimizer, this.device)
    await this.#engine.push(plan.initialState())
    await loadProgram(this.#engine, this.device, 'train', plan.program)
    return plan
  }

  async #loadEvaluation(): Promise<Built> {
    this.#training ??= await this.#loadTraining()
    const { criterion, optimizer } = this.#options
    const built = buildEvaluation(this.#model, this.#shape(), criterion, optimizer, this.device)
    const resident = new Set(this.#training.stateNames)
    const missing = Object.entries(built.initialState()).filter(([name]) => !resident.has(name))
    await this.#engine.push(Object.fromEntries(missing))
    await loadProgram(this.#engine, this.device, 'eval', built.program)
    return built
  }

  #shape(): readonly number[] {
    if (!this.#inputShape) throw new RuntimeError('the session has seen no batch yet: run a step first')
    return this.#inputShape
  }

  #masks({ masks }: TrainingPlan, batch: number): WireTensors {
    return Object.fromEntries(
      masks.map(({ name, shape, dropProbability }) => {
        const mask = Tensor.zeros([batch, ...shape])
        for (let index = 0; index < mask.size; index++) {
          mask.data[index] = this.#generator.random() < dropProbability ? 0 : 1
        }
        return [name, mask]
      }),
    )
  }

  #check(inputs: Tensor, labels: Tensor): void {
    const [batch, ...shape] = inputs.shape
    if (inputs.dtype !== 'float32') {
      throw new DTypeError(`inputs must be float32, not ${inputs.dtype}: add ToTensor to the transforms`)
    }
    if (!batch || labels.shape[0] !== batch) {
      throw new ShapeError(
        `inputs ${formatShape(inputs.shape)} and labels ${formatShape(labels.shape)} must hold the same number of samples, at least 1`,
      )
    }
    this.#inputShape ??= shape
    if (!sameShape(shape, this.#inputShape)) {
      throw new ShapeError(
        `this session was built for inputs ${formatShape(['N', ...this.#inputShape])}, this batch has ${formatShape(inputs.shape)}`,
      )
    }
  }
}

function checkLabels(labels: Tensor, classes: number): void {
  for (const label of labels.data) {
    if (label < 0 || label >= classes) {
      throw new ArgumentError(
        `label ${label} is outside of the model's ${classes} classes (0 … ${classes - 1}): give the head as many outputs as the data has classes`,
      )
    }
  }
}

function batchFeeds({ usesBatchSize }: Built, inputs: Tensor, labels: Tensor): Record<string, WireTensor> {
  const size = Tensor.from(inputs.shape[0]!)
  return { input: inputs, labels, ...(usesBatchSize ? { 'dim:N': size } : {}) }
}

function stepOf({ lossName, outputName }: Built, results: WireTensors): SessionStep {
  return { loss: Number(results[lossName]!.data[0]), outputs: toTensor(results[outputName]!) }
}

const toTensor = ({ dtype, data, shape }: WireTensor): Tensor => new Tensor(dtype, data, shape)
