import { nextTurn, runtimeWarnings } from '#platform'

import { asyncDispose } from '../core/async-dispose.ts'
import { ArgumentError, RuntimeError } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import { pauses } from '../core/steps.ts'
import { Tensor } from '../core/tensor.ts'
import { checkpointBlocks, type GradientCheckpointing } from '../nn/checkpoint-blocks.ts'
import type { Module } from '../nn/module.ts'
import { checkBatchNeeds } from '../nn/trace.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import type { Criterion } from './criterion.ts'
import { checkInputs, checkLabels } from './check-batch.ts'
import type { Engine, WireTensor, WireTensors } from './engine.ts'
import { checkMemory } from './memory-estimate.ts'
import { openEngine } from './open-engine.ts'
import type { Device } from './providers.ts'
import { stateOf, type SessionState } from './session-state.ts'
import type { SeveralSteps, StepNames } from './several-steps.ts'
import { loadProgram, type StartOptions } from './start-engine.ts'
import { feedsOfStep } from './step-feeds.ts'
import { checkStorage, checkStorageType, type StorageType } from './storage.ts'
import type { Built, ChangingState, TrainingPlan } from './training-graph.ts'

type Evaluation = 'eval' | 'predict'
type ProgramName = 'train' | `${Evaluation}|${ChangingState}`

/** Options of {@link TrainingSession.create}. */
export interface TrainingSessionOptions extends StartOptions {
  /** The loss; only {@link TrainingSession.predict} can do without. */
  readonly criterion?: Criterion | undefined
  /** Changes the model in {@link TrainingSession.trainStep}; without one all parameters are frozen. */
  readonly optimizer?: Optimizer | undefined
  /** Default: `'auto'`. */
  readonly device?: Device | 'auto' | undefined
  /**
   * Saves memory in training for more time: blocks of the model, named (`['layer1.0']`) or with `true` each direct child of a
   * `Sequential` that has children of its own (the residual blocks), keep no activations. The backward pass
   * computes them a second time, with the same results. Default: false.
   */
  readonly gradientCheckpointing?: GradientCheckpointing | undefined
  /**
   * What numbers are kept in: `'float16'` takes less memory, and every number is still computed in float32. In 16 bits are
   *
   * - activations that wait for the backward pass: gradients are of the rounded numbers, while outputs and losses of the
   *   same parameters don't change. Beyond ±65504 they are clipped, below 2^−25 they become 0. What a gradient compares for
   *   equality with a parameter or an input stays as it is, and so does all that comes after the model's output;
   * - on WebGPU, weights of frozen parameters (two dimensions or more, none beyond ±65504), for evaluation too. On other
   *   devices ONNX Runtime would make float32 numbers of them at once.
   *
   * Trained parameters, BatchNorm's statistics and the optimizer's state stay float32: updates smaller than 2^−11 of a weight
   * would be lost. On WebGPU the adapter needs the feature `shader-f16`. Default: `'float32'`.
   *
   * @see https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks
   */
  readonly storage?: StorageType | undefined
  /** Draws Dropout's masks. Default: seed 0. */
  readonly generator?: Generator | undefined
  /**
   * Steps that {@link TrainingSession.trainSteps} makes in one run of one graph, an integer ≥ 1. It saves what a run costs
   * beside computing: on `'cuda'` in Node, the way of parameters and optimizer state to the device and back. Each has to wait
   * for the last of them. Default: 1.
   */
  readonly stepsPerRun?: number | undefined
}

/** What a step of training takes. */
export interface StepBatch {
  /** `[N, …]`, float32. */
  readonly inputs: Tensor
  /** int32 class indices `[N]`, or what the criterion takes. */
  readonly labels: Tensor
}

/** Options of {@link TrainingSession.trainSteps}. */
export interface TrainStepsOptions {
  /**
   * Called for each batch between reading its hyperparameters and those of the next: for a scheduler that steps once a batch,
   * `afterStep: () => scheduler.step()`. The step itself may not have been made then.
   */
  readonly afterStep?: ((index: number) => void) | undefined
}

/** Result of a step. */
export interface SessionStep {
  /** Mean loss of the batch, by the criterion. */
  readonly loss: number
  /** The model's outputs `[N, …]`; for a classifier logits `[N, classes]`. */
  readonly outputs: Tensor
}

/**
 * A model on a device, with its optimizer: forward pass, loss, backward pass and update are one run of one graph.
 * Parameters, buffers and optimizer state stay on the device until {@link pull}.
 *
 * The graphs are built at the first batch of each kind, with the modules' `training` flags and the frozen parameters of
 * that moment; frozen parameters become constants.
 *
 * @example
 * ```ts
 * import { Tensor, TrainingSession, nn, optim } from 'onnx-finetune'
 *
 * const model = new nn.Linear(4, 2)
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
 * await using session = await TrainingSession.create(model, { criterion: new nn.CrossEntropyLoss(), optimizer })
 * const { loss, outputs } = await session.trainStep(Tensor.zeros([3, 4]), Tensor.zeros([3], 'int32'))
 * await session.pull() // device → model.stateDict()
 * ```
 */
export class TrainingSession {
  readonly #model: Module
  readonly #options: TrainingSessionOptions
  readonly #engine: Engine
  readonly #generator: Generator
  readonly #programs = new Map<ProgramName, Promise<Built>>()
  readonly #resident = new Set<string>()
  #loading: Promise<unknown> = Promise.resolve()
  #plan: TrainingPlan | undefined
  #several: Promise<SeveralSteps> | undefined
  #inputShape: readonly number[] | undefined
  /** Since the state changed. */
  #evaluations = 0
  readonly #heard: string[] = []
  /** Steps made, and those of them that the module has counted. */
  #steps = { made: 0, pulled: 0, atSnapshot: 0 }

  private constructor(
    model: Module,
    options: TrainingSessionOptions,
    engine: Engine,
    /** The device that runs it. */
    readonly device: Device,
    /** Why that device. */
    readonly deviceReason: string,
  ) {
    this.#model = model
    this.#options = options
    this.#engine = engine
    this.#generator = options.generator ?? new Generator()
  }

  /**
   * Starts the engine.
   *
   * @throws {@link RuntimeError} with the remedy where the device, ONNX Runtime or the device's float16 is missing.
   * @throws {@link ArgumentError} where `gradientCheckpointing` names a module that isn't there, for an unknown `storage`, and
   *   where `stepsPerRun` is no integer ≥ 1.
   */
  static async create(model: Module, options: TrainingSessionOptions = {}): Promise<TrainingSession> {
    const { storage = 'float32' } = options
    checkpointBlocks(model, options.gradientCheckpointing)
    checkStepsPerRun(options.stepsPerRun)
    checkStorageType(storage)
    const opening = openEngine(options.device ?? 'auto', options)
    const [{ engine, device, reason }] = await Promise.all([opening, graphBuilder()])
    try {
      await checkStorage(engine, device, storage)
    } catch (error) {
      await engine.close()
      throw error
    }
    return new TrainingSession(model, options, engine, device, reason)
  }

  /**
   * One step of training on inputs `[N, …]` (float32) and labels: int32 class indices `[N]`, or what the criterion takes.
   *
   * @throws {@link ShapeError}, {@link DTypeError} or {@link ArgumentError} for a batch that doesn't fit.
   * @throws {@link RuntimeError} without criterion and optimizer, or for a batch that WebAssembly's memory can't hold.
   */
  async trainStep(inputs: Tensor, labels: Tensor): Promise<SessionStep> {
    this.#check(inputs)
    await this.#program('train')
    const plan = this.#plan!
    checkTraining(plan, { inputs, labels })
    checkMemory(plan.memory, inputs.shape[0]!)
    const feeds = this.#trainingFeeds(plan, { inputs, labels })
    this.#evaluations = 0
    const results = await this.#engine.run('train', feeds)
    this.#count(1)
    return stepOf(plan, results)
  }

  /**
   * One step of training on each batch, as so many calls of {@link trainStep} would make them: `stepsPerRun` at a time in
   * one run, and singly those that are left. Batches may differ in size.
   *
   * @returns Loss and outputs of each step, the outputs with the parameters before it.
   * @throws What {@link trainStep} throws, before any step of the run with that batch.
   *
   * @example
   * ```ts
   * import { Tensor, TrainingSession, nn, optim } from 'onnx-finetune'
   *
   * const model = new nn.Linear(4, 2)
   * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
   * const options = { criterion: new nn.CrossEntropyLoss(), optimizer, stepsPerRun: 2 }
   * await using session = await TrainingSession.create(model, options)
   * const batch = { inputs: Tensor.zeros([3, 4]), labels: Tensor.zeros([3], 'int32') }
   * const [first, second] = await session.trainSteps([batch, batch])
   * ```
   */
  async trainSteps(
    batches: readonly StepBatch[],
    { afterStep }: TrainStepsOptions = {},
  ): Promise<SessionStep[]> {
    const { stepsPerRun = 1 } = this.#options
    const steps: SessionStep[] = []
    while (steps.length < batches.length) {
      const [from, to] = [steps.length, steps.length + stepsPerRun]
      if (stepsPerRun > 1 && to <= batches.length) {
        steps.push(...(await this.#runSeveral(batches.slice(from, to), (step) => afterStep?.(from + step))))
        continue
      }
      const { inputs, labels } = batches[from]!
      steps.push(await this.trainStep(inputs, labels))
      afterStep?.(from)
    }
    return steps
  }

  /**
   * Loss and outputs in evaluation mode; changes nothing. Labels are as for {@link trainStep}.
   *
   * On the CPU the second one after a training step, and all that follow, run with the weights as constants: faster by a
   * third or more, and equal to the first within rounding.
   *
   * @throws {@link RuntimeError} without a criterion.
   */
  async evalStep(inputs: Tensor, labels: Tensor): Promise<SessionStep> {
    this.#check(inputs)
    const name = this.#evaluation('eval')
    const built = await this.#program(name)
    checkBatchNeeds(inputs.shape[0]!, built.batchNeeds)
    checkMemory(built.memory, inputs.shape[0]!)
    checkLabels(labels, inputs.shape[0]!, built.target!)
    return stepOf(built, await this.#engine.run(name, batchFeeds(built, inputs, labels)))
  }

  /** Outputs in evaluation mode: for a classifier the logits `[N, classes]`. As fast as {@link evalStep}. */
  async predict(inputs: Tensor): Promise<Tensor> {
    this.#check(inputs)
    const name = this.#evaluation('predict')
    const built = await this.#program(name)
    checkBatchNeeds(inputs.shape[0]!, built.batchNeeds)
    checkMemory(built.memory, inputs.shape[0]!)
    return toTensor((await this.#engine.run(name, batchFeeds(built, inputs)))[built.outputName]!)
  }

  /** Copies trained parameters, buffers and optimizer state from the device into the module and the optimizer. */
  async pull(): Promise<void> {
    const plan = this.#plan
    if (!plan) return
    const tensors = await this.#engine.pull(plan.stateNames)
    plan.store((name) => toTensor(tensors[name]!), this.#steps.made - this.#steps.pulled)
    this.#steps.pulled = this.#steps.made
    await this.newWarnings()
  }

  /**
   * The same as {@link pull} would give, in tensors that nothing changes afterwards; module and optimizer stay as they are.
   *
   * @internal
   */
  async state(): Promise<SessionState> {
    const tensors = this.#plan ? await this.#engine.pull(this.#plan.stateNames) : {}
    const pulled = new Map(Object.entries(tensors).map(([name, tensor]) => [name, toTensor(tensor)]))
    return stateOf(this.#model, this.#options.optimizer, pulled, this.#steps.made - this.#steps.pulled)
  }

  /**
   * Copies parameters, buffers and optimizer state from the module and the optimizer to the device: after
   * `loadStateDict` in the middle of a session. Frozen parameters are constants and stay as they were.
   */
  async push(): Promise<void> {
    this.#evaluations = 0
    const programs = await Promise.all(this.#programs.values())
    // Programs share most of their state: it crosses the border once.
    const state = programs.flatMap((program) => Object.entries(program.initialState()))
    await this.#put(Object.fromEntries(state))
    this.#steps.pulled = this.#steps.made
  }

  /** Keeps parameters and buffers as they are now, on the device. */
  async snapshot(): Promise<void> {
    await this.#program('train')
    await this.#engine.snapshot('best', this.#plan!.modelNames)
    this.#steps.atSnapshot = this.#steps.made
  }

  /**
   * What slows the device down here, as sentences: a page without threads, for one. What comes up in the middle of the work
   * is among them from the next {@link pull} on.
   */
  get warnings(): readonly string[] {
    return [...runtimeWarnings(this.device), ...this.#heard]
  }

  /**
   * Asks the device what has come up since it was last asked.
   *
   * @internal
   */
  async newWarnings(): Promise<readonly string[]> {
    const heard = await this.#engine.warnings()
    this.#heard.push(...heard)
    return heard
  }

  /** Loads the last snapshot back. */
  async restore(): Promise<void> {
    this.#evaluations = 0
    await this.#engine.restore('best')
    this.#steps.made = this.#steps.atSnapshot
  }

  /**
   * For tests: loses the graphics device, as a driver's crash would.
   *
   * @internal
   */
  async loseDevice(): Promise<void> {
    await this.#engine.loseDevice()
  }

  /** Releases the device and stops the worker. May be called again. */
  async close(): Promise<void> {
    await this.#engine.close()
  }

  /** `await using session = …` closes it at the end of the block. */
  [asyncDispose](): Promise<void> {
    return this.close()
  }

  async #runSeveral(
    batches: readonly StepBatch[],
    afterStep: (step: number) => void,
  ): Promise<SessionStep[]> {
    for (const { inputs } of batches) this.#check(inputs)
    await this.#program('train')
    const plan = this.#plan!
    for (const batch of batches) checkTraining(plan, batch)
    const { memory, results: names } = await this.#severalSteps(plan)
    checkMemory(memory, Math.max(...batches.map(({ inputs }) => inputs.shape[0]!)))
    const feeds = batches.map((batch, step) => {
      const ofStep = feedsOfStep(this.#trainingFeeds(plan, batch, step), step)
      afterStep(step)
      return Object.entries(ofStep)
    })
    this.#evaluations = 0
    const results = await this.#engine.run('several', Object.fromEntries(feeds.flat()))
    this.#count(batches.length)
    return names.map((ofStep) => stepOf(ofStep, results))
  }

  /** Feeds of the step that comes after the next `ahead` ones. */
  #trainingFeeds(plan: TrainingPlan, { inputs, labels }: StepBatch, ahead = 0): WireTensors {
    return {
      ...batchFeeds(plan, inputs, labels),
      ...plan.scalars(ahead),
      ...this.#masks(plan, inputs.shape[0]!),
    }
  }

  #count(steps: number): void {
    for (let step = 0; step < steps; step++) this.#options.optimizer?.countStep()
    this.#steps.made += steps
  }

  /** The program of several steps, built when it's first needed. Its state is that of `plan`. */
  #severalSteps(plan: TrainingPlan): Promise<SeveralSteps> {
    if (!this.#several) {
      this.#several = this.#loading.then(async () => {
        const built = await plan.several!()
        await loadProgram(this.#engine, this.device, 'several', built.program)
        return built
      })
      this.#loading = this.#several.catch(() => (this.#several = undefined))
    }
    return this.#several
  }

  /** The program of that name, built at the first call. */
  #program(name: ProgramName): Promise<Built> {
    let program = this.#programs.get(name)
    if (!program) {
      // One after the other: the state that a program brings along must not arrive after another's first step.
      program = this.#loading.then(() => this.#load(name))
      this.#loading = program.catch(() => undefined)
      this.#programs.set(name, program)
      // A batch of another shape, or more memory, may do better next time.
      program.catch(() => {
        this.#programs.delete(name)
        if (this.#programs.size === 0) this.#inputShape = undefined
      })
    }
    return program
  }

  async #load(name: ProgramName): Promise<Built> {
    await materialize(this.#model)
    const built = await this.#build(name)
    if ('stateNames' in built) this.#dropStale(built)
    const missing = Object.entries(built.initialState()).filter(([state]) => !this.#resident.has(state))
    await this.#put(Object.fromEntries(missing))
    for (const [state] of missing) this.#resident.add(state)
    await loadProgram(this.#engine, this.device, name, built.program)
    if ('stateNames' in built) this.#plan = built
    return built
  }

  async #put(state: ReturnType<Built['initialState']>): Promise<void> {
    const given = Object.entries(state).filter((entry): entry is [string, WireTensor] => 'data' in entry[1])
    const zeros = Object.entries(state).filter(([, tensor]) => !('data' in tensor))
    await this.#engine.zeros(Object.fromEntries(zeros))
    await this.#engine.push(Object.fromEntries(given))
  }

  /** A program built while parameters were frozen that are trained now holds them as constants: it is built anew. */
  #dropStale({ modelNames }: TrainingPlan): void {
    if (modelNames.every((name) => this.#resident.has(name))) return
    for (const name of this.#programs.keys()) if (name !== 'train') this.#programs.delete(name)
  }

  async #build(name: ProgramName): Promise<Built | TrainingPlan> {
    const { criterion, optimizer, storage } = this.#options
    const shape = this.#shape()
    const { buildEvaluation, buildTraining } = await graphBuilder()
    const [kind, changing] = name.split('|') as [Evaluation | 'train', ChangingState?]
    if (kind === 'predict')
      return buildEvaluation(this.#model, shape, { optimizer, changing, storage }, this.device)
    if (!criterion) throw new RuntimeError('there is no loss to compute: create the session with a criterion')
    if (kind === 'eval')
      return buildEvaluation(this.#model, shape, { criterion, optimizer, changing, storage }, this.device)
    if (!optimizer) throw new RuntimeError('nothing can be trained: create the session with an optimizer')
    const blocks = checkpointBlocks(this.#model, this.#options.gradientCheckpointing)
    const { stepsPerRun } = this.#options
    const parts = { blocks, storage, stepsPerRun }
    return buildTraining(this.#model, shape, criterion, optimizer, this.device, parts)
  }

  /**
   * With the weights as constants a step of ResNet-18 at batch 4 takes 45 ms instead of 75, but the session takes 200 to
   * make: a lone evaluation between training steps does without.
   */
  #evaluation(kind: Evaluation): ProgramName {
    const isLone = this.#evaluations++ === 0
    return `${kind}|${isLone || !this.#options.optimizer || this.device !== 'cpu' ? 'inputs' : 'constants'}`
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

  #check(inputs: Tensor): void {
    checkInputs(inputs, this.#inputShape ?? inputs.shape.slice(1))
    this.#inputShape ??= inputs.shape.slice(1)
  }
}

function checkStepsPerRun(stepsPerRun = 1): void {
  if (Number.isInteger(stepsPerRun) && stepsPerRun >= 1) return
  throw new ArgumentError(`stepsPerRun must be an integer of at least 1, not ${stepsPerRun}`)
}

/** Throws unless a training step can take the batch. */
function checkTraining({ batchNeeds, target }: TrainingPlan, { inputs, labels }: StepBatch): void {
  checkBatchNeeds(inputs.shape[0]!, batchNeeds)
  checkLabels(labels, inputs.shape[0]!, target!)
}

/** What builds graphs brings protobuf along: it's loaded while the engine starts, and not with the library. */
const graphBuilder = () => import('./training-graph.ts')

/** Draws initial weights that nobody has read yet without holding up the caller's thread. */
async function materialize(model: Module): Promise<void> {
  const pause = pauses(nextTurn)
  for (const parameter of model.parameters()) {
    await parameter.materialize(pause)
    await pause()
  }
}

function batchFeeds({ usesBatchSize }: Built, inputs: Tensor, labels?: Tensor): Record<string, WireTensor> {
  const size = Tensor.from(inputs.shape[0]!)
  return { input: inputs, ...(labels && { labels }), ...(usesBatchSize ? { 'dim:N': size } : {}) }
}

function stepOf({ lossName, outputName }: Built | StepNames, results: WireTensors): SessionStep {
  return { loss: Number(results[lossName!]!.data[0]), outputs: toTensor(results[outputName]!) }
}

const toTensor = ({ dtype, data, shape }: WireTensor): Tensor => new Tensor(dtype, data, shape)
