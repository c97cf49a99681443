import { nextTurn } from '#platform'

import { differentiate } from '../autodiff/differentiate.ts'
import { Tensor } from '../core/tensor.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { Module } from '../nn/module.ts'
import { Parameter, type ModuleBuffer } from '../nn/parameter.ts'
import { traceModule, type BatchNeed, type Trace } from '../nn/trace.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { lossOf, type Criterion, type TargetSpec } from './criterion.ts'
import type { Program, WireTensor, WireTensors, ZeroTensor } from './engine.ts'
import { passesOver } from './graph-passes.ts'
import { programOf, type Border } from './graph-program.ts'
import { memoryProfile, type MemoryProfile } from './memory-estimate.ts'
import { groupOf, scalarOf, slotOf, updateParameter, type Trained } from './parameter-update.ts'
import type { Device } from './providers.ts'
import { buildSeveral, type SeveralSteps } from './several-steps.ts'
import type { StorageType } from './storage.ts'

/** A serialised graph and how its inputs and outputs meet the resident state. */
export interface Built {
  readonly program: Program
  /** Without a criterion there is none. */
  readonly lossName?: string
  readonly outputName: string
  /** Without a criterion there is none. */
  readonly target?: TargetSpec
  /** What the batch's size must be. */
  readonly batchNeeds: readonly BatchNeed[]
  /** Whether the graph reads `dim:N`. */
  readonly usesBatchSize: boolean
  /** What a run takes of WebAssembly's memory. */
  readonly memory: MemoryProfile
  /** The tensors that have to be resident, by name, as module and optimizer have them now: a type alone is zeros. */
  initialState(): Readonly<Record<string, WireTensor | ZeroTensor>>
}

/** The training step's graph. */
export interface TrainingPlan extends Built {
  /** All resident tensors that a step changes. */
  readonly stateNames: readonly string[]
  /** Those of the model: parameters and buffers. */
  readonly modelNames: readonly string[]
  readonly masks: readonly {
    readonly name: string
    readonly shape: readonly number[]
    readonly dropProbability: number
  }[]
  /** The hyperparameters, as feeds, of the step that comes after the next `ahead` ones. Default: 0. */
  scalars(ahead?: number): WireTensors
  /** Several of these steps in one run; there where the plan was made for that. */
  several?(): Promise<SeveralSteps>
  /** Writes pulled tensors into module and optimizer; `steps` were made since the last time. */
  store(read: (name: string) => Tensor, steps: number): void
}

/** What {@link buildTraining} can make differently. */
export interface TrainingParts {
  /** Paths of the modules whose activations are computed anew in the backward pass. Default: none. */
  readonly blocks?: readonly string[] | undefined
  /** Default: float32. */
  readonly storage?: StorageType | undefined
  /** Steps in a run of {@link TrainingPlan.several}. Default: 1. */
  readonly stepsPerRun?: number | undefined
}

/** Forward pass, loss, backward pass and optimizer update as one graph. It's built in several turns of the event loop. */
export async function buildTraining(
  model: Module,
  inputShape: readonly number[],
  criterion: Criterion,
  optimizer: Optimizer,
  device: Device,
  { blocks = [], storage = 'float32', stepsPerRun = 1 }: TrainingParts = {},
): Promise<TrainingPlan> {
  const groups = groupOf(optimizer)
  const { trace, output } = traceModule(model, {
    inputShape: ['N', ...inputShape],
    asConstant: (state) => state instanceof Parameter && !groups.has(state),
  })
  const { loss, target } = lossOf(criterion, output)
  await nextTurn()
  const trained: Trained[] = trace.parameters.map((entry) => ({ ...entry, ...groups.get(entry.parameter)! }))
  const gradients = differentiate(
    loss,
    trained.map(({ value }) => value),
  )
  const updates = new Map<string, Value>()
  const initial = new Map<string, () => Tensor | ZeroTensor>()
  const hypers = new Map<string, { entry: Trained; name: string }>()
  const ones = new Map<string, Value>()
  for (const entry of trained) {
    const gradient = gradients.get(entry.value)
    if (gradient)
      updateParameter(entry, gradient, {
        optimizer,
        graph: trace.graph,
        device,
        updates,
        initial,
        hypers,
        ones,
      })
  }
  for (const { name, next } of trace.buffers) if (next) updates.set(name, next)
  await nextTurn()
  const slotNames = [...initial.keys()]
  const frozen = frozenParameters(model, groups)
  const parts = { output, loss, target, updates, extraState: initial, blocks, storage, frozen }
  const { built, graph, border } = await build(trace, parts, device)
  const modelNames = [...updates.keys()].filter((name) => !initial.has(name))
  return {
    ...built,
    ...(stepsPerRun > 1 && { several: () => buildSeveral(graph, border, stepsPerRun, device) }),
    stateNames: [...updates.keys()],
    modelNames,
    masks: trace.randomInputs.map(({ value, dropProbability }) => ({
      name: value.name,
      shape: value.shape.slice(1).map(Number),
      dropProbability,
    })),
    scalars: (ahead = 0) =>
      Object.fromEntries(
        [...hypers].map(([key, { entry, name }]) => [key, scalarOf(optimizer, entry, name, ahead)]),
      ),
    store: (read, steps) => {
      storeModel(model, trace, updates, read, steps)
      for (const name of slotNames) {
        const { parameter, slot } = slotOf(name, trained)
        optimizer.state.set(parameter, { ...optimizer.state.get(parameter), [slot]: read(name) })
      }
    },
  }
}

/** How {@link buildEvaluation} takes the state that training changes. */
export type ChangingState = 'inputs' | 'constants'

/**
 * Outputs, and with a criterion the loss, in evaluation mode. What training changes (trainable parameters and all
 * buffers) is read from the resident state: as inputs, or as constants, with which ONNX Runtime is faster (it packs them
 * and folds BatchNorm into the convolutions) but has to make its session anew when they change. The rest is constant;
 * without an optimizer that's everything.
 */
export async function buildEvaluation(
  model: Module,
  inputShape: readonly number[],
  { criterion, optimizer, changing = 'inputs', storage }: EvaluationParts,
  device: Device,
): Promise<Built> {
  const groups = optimizer ? groupOf(optimizer) : undefined
  const frozen = (state: Parameter | ModuleBuffer) =>
    !groups || (state instanceof Parameter && !groups.has(state))
  const { trace, output } = inEvaluation(model, () =>
    traceModule(model, {
      inputShape: ['N', ...inputShape],
      asConstant: (state) => changing === 'constants' || frozen(state),
    }),
  )
  const loss = criterion && lossOf(criterion, output)
  const states = [...model.namedParameters(), ...model.namedBuffers()]
  const baked = changing === 'inputs' ? [] : states.filter(([, state]) => !frozen(state))
  const parts = { output, ...loss, updates: new Map(), extraState: new Map(), storage }
  const constants = { baked: new Map(baked), frozen: frozenParameters(model, groups) }
  return (await build(trace, { ...parts, ...constants }, device)).built
}

/** What {@link buildEvaluation} computes, and of what. */
export interface EvaluationParts {
  readonly criterion?: Criterion | undefined
  readonly optimizer?: Optimizer | undefined
  /** Default: `'inputs'`. */
  readonly changing?: ChangingState | undefined
  /** Default: float32. */
  readonly storage?: StorageType | undefined
}

/** Parameters that no optimizer changes, by name. */
function frozenParameters(model: Module, groups?: ReadonlyMap<object, unknown>): Map<string, Parameter> {
  return new Map([...model.namedParameters()].filter(([, parameter]) => !groups?.has(parameter)))
}

/** What `run` returns with the model in evaluation mode; the modules' own modes come back. */
function inEvaluation<T>(model: Module, run: () => T): T {
  const flags = [...model.namedModules()].map(([, module]) => ({ module, training: module.training }))
  model.eval()
  try {
    return run()
  } finally {
    for (const { module, training } of flags) module.training = training
  }
}

interface Parts {
  readonly output: Value
  readonly loss?: Value
  readonly target?: TargetSpec
  readonly updates: ReadonlyMap<string, Value>
  readonly extraState: ReadonlyMap<string, () => Tensor | ZeroTensor>
  /** State that is constant in the graph, and resident. */
  readonly baked?: ReadonlyMap<string, Parameter | ModuleBuffer>
  /** Modules whose activations are computed anew in the backward pass. */
  readonly blocks?: readonly string[]
  /** Default: float32. */
  readonly storage?: StorageType | undefined
  /** Parameters that are constants. */
  readonly frozen?: ReadonlyMap<string, Parameter>
}

async function build(
  trace: Trace,
  { output, loss, target, updates, extraState, baked = new Map(), frozen = new Map(), ...options }: Parts,
  device: Device,
): Promise<{ readonly built: Built; readonly graph: Graph; readonly border: Border }> {
  for (const value of [...(loss ? [loss] : []), output, ...updates.values()]) trace.graph.output(value)
  const names = new Set(frozen.keys())
  const passed = await passesOver(trace.graph, { device, output, loss, frozen: names, ...options })
  const { graph, map } = passed
  await nextTurn()
  const nameOf = (value: Value) => map.get(value)!.name
  const model = [
    ...trace.parameters.map(({ name, parameter }) => [name, () => parameter.tensor] as const),
    ...trace.buffers.map(({ name, buffer }) => [name, () => buffer.tensor] as const),
  ]
  const used = new Map([...baked].filter(([name]) => graph.constants.some((value) => value.name === name)))
  const halves = [...passed.inputs].map(
    ([name, input]) => [input, () => asHalf(frozen.get(name)!.tensor)] as const,
  )
  const inputs = [...model, ...extraState, ...halves]
  const state = [...inputs, ...[...used].map(([name, value]) => [name, () => value.tensor] as const)]
  const border: Border = {
    stateInputs: inputs.map(([name]) => name),
    updates: new Map([...updates].map(([name, value]) => [name, map.get(value)!])),
    slots: new Set(extraState.keys()),
    baked: new Set(used.keys()),
    fetches: [...(loss ? [map.get(loss)!] : []), map.get(output)!],
  }
  const program = await programOf(graph, border)
  await nextTurn()
  const memory = device === 'wasm' ? memoryProfile(graph) : []
  await nextTurn()
  const built: Built = {
    program,
    ...(loss && { lossName: nameOf(loss) }),
    outputName: nameOf(output),
    ...(target && { target }),
    batchNeeds: trace.batchNeeds,
    usesBatchSize: graph.inputs.some(({ name }) => name === 'dim:N'),
    memory,
    initialState: () => Object.fromEntries(state.map(([name, read]) => [name, read()])),
  }
  return { built, graph, border }
}

const asHalf = ({ dtype, data, shape }: Tensor): WireTensor => ({ dtype, data, shape, storage: 'float16' })

function storeModel(
  model: Module,
  trace: Trace,
  updates: ReadonlyMap<string, Value>,
  read: (name: string) => Tensor,
  steps: number,
): void {
  for (const { name, parameter } of trace.parameters) if (updates.has(name)) parameter.tensor = read(name)
  const counters = new Map(model.namedBuffers())
  for (const { name, buffer, next } of trace.buffers) {
    if (!next) continue
    buffer.tensor = read(name)
    const counter =
      name.endsWith('running_mean') && counters.get(name.replace(/running_mean$/, 'num_batches_tracked'))
    // A counter that the graph itself counts is read like any other buffer.
    if (counter && !trace.buffers.some(({ buffer: traced }) => traced === counter))
      counter.tensor = Tensor.full([], Number(counter.tensor.data[0]) + steps, 'int64')
  }
}
