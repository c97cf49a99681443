import { nextTurn } from '#platform'

import { differentiate } from '../autodiff/differentiate.ts'
import { finishInTurns, pauses } from '../core/steps.ts'
import { Tensor } from '../core/tensor.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { overwritable } from '../graph/overwrite.ts'
import { recomputeBlocks } from '../graph/recompute.ts'
import { composed, type Rewritten } from '../graph/rewrite.ts'
import { serializeApart } from '../graph/serialize.ts'
import type { Module } from '../nn/module.ts'
import { Parameter, type ModuleBuffer } from '../nn/parameter.ts'
import { traceModule, type BatchNeed, type Trace } from '../nn/trace.ts'
import { lowerGraphInSteps } from '../ops/lower.ts'
import type { Optimizer } from '../optim/optimizer.ts'
import { lossOf, type Criterion, type TargetSpec } from './criterion.ts'
import type { Program, WireTensor, WireTensors, ZeroTensor } from './engine.ts'
import { memoryProfile, type MemoryProfile } from './memory-estimate.ts'
import { groupOf, scalarOf, slotOf, updateParameter, type Trained } from './parameter-update.ts'
import type { Device } from './providers.ts'

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
  /** The hyperparameters of the next step, as feeds. */
  scalars(): WireTensors
  /** Writes pulled tensors into module and optimizer; `steps` were made since the last time. */
  store(read: (name: string) => Tensor, steps: number): void
}

/** Forward pass, loss, backward pass and optimizer update as one graph. It's built in several turns of the event loop. */
export async function buildTraining(
  model: Module,
  inputShape: readonly number[],
  criterion: Criterion,
  optimizer: Optimizer,
  device: Device,
  /** Paths of the modules whose activations are computed anew in the backward pass. */
  blocks: readonly string[] = [],
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
      updateParameter(entry, gradient, { optimizer, graph: trace.graph, updates, initial, hypers, ones })
  }
  for (const { name, next } of trace.buffers) if (next) updates.set(name, next)
  await nextTurn()
  const slotNames = [...initial.keys()]
  const base = await build(trace, { output, loss, target, updates, extraState: initial, blocks }, device)
  const modelNames = [...updates.keys()].filter((name) => !initial.has(name))
  return {
    ...base,
    stateNames: [...updates.keys()],
    modelNames,
    masks: trace.randomInputs.map(({ value, dropProbability }) => ({
      name: value.name,
      shape: value.shape.slice(1).map(Number),
      dropProbability,
    })),
    scalars: () =>
      Object.fromEntries(
        [...hypers].map(([key, { entry, name }]) => [key, scalarOf(optimizer, entry, name)]),
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
  { criterion, optimizer, changing = 'inputs' }: EvaluationParts,
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
  const parts = { output, ...loss, updates: new Map(), extraState: new Map() }
  return build(trace, { ...parts, baked: new Map(baked.map(([name, state]) => [name, state])) }, device)
}

/** What {@link buildEvaluation} computes, and of what. */
export interface EvaluationParts {
  readonly criterion?: Criterion | undefined
  readonly optimizer?: Optimizer | undefined
  /** Default: `'inputs'`. */
  readonly changing?: ChangingState | undefined
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
}

async function build(
  trace: Trace,
  { output, loss, target, updates, extraState, baked = new Map(), blocks = [] }: Parts,
  device: Device,
): Promise<Built> {
  for (const value of [...(loss ? [loss] : []), output, ...updates.values()]) trace.graph.output(value)
  const { graph, map } = await lowered(trace.graph, blocks, { output, ...(loss && { loss }) }, device)
  await nextTurn()
  const nameOf = (value: Value) => map.get(value)!.name
  const model = [
    ...trace.parameters.map(({ name, parameter }) => [name, () => parameter.tensor] as const),
    ...trace.buffers.map(({ name, buffer }) => [name, () => buffer.tensor] as const),
  ]
  const used = new Map([...baked].filter(([name]) => graph.constants.some((value) => value.name === name)))
  const inputs = [...model, ...extraState]
  const state = [...inputs, ...[...used].map(([name, value]) => [name, () => value.tensor] as const)]
  const { model: bytes, weights } = await serializeApart(graph, nextTurn, new Set(used.keys()))
  await nextTurn()
  const memory = device === 'wasm' ? memoryProfile(graph) : []
  await nextTurn()
  return {
    program: {
      model: bytes,
      weights: Object.fromEntries(Object.entries(weights).filter(([name]) => !used.has(name))),
      ...(used.size > 0 && {
        residentWeights: Object.fromEntries([...used.keys()].map((name) => [name, name])),
      }),
      stateInputs: Object.fromEntries(inputs.map(([name]) => [name, name])),
      updates: Object.fromEntries([...updates].map(([name, value]) => [nameOf(value), name])),
      inPlace: overwrittenSlots(graph, updates, extraState, map),
      fetches: [...(loss ? [nameOf(loss)] : []), nameOf(output)],
    },
    ...(loss && { lossName: nameOf(loss) }),
    outputName: nameOf(output),
    ...(target && { target }),
    batchNeeds: trace.batchNeeds,
    usesBatchSize: graph.inputs.some(({ name }) => name === 'dim:N'),
    memory,
    initialState: () => Object.fromEntries(state.map(([name, read]) => [name, read()])),
  }
}

/**
 * Optimizer state that a step may write over the old one. Parameters alternate between two tensors: the gradient with
 * respect to a layer's input reads them late, and an evaluation may have been made with them as constants.
 */
function overwrittenSlots(
  graph: Graph,
  updates: ReadonlyMap<string, Value>,
  slots: Parts['extraState'],
  map: ReadonlyMap<Value, Value>,
): string[] {
  const inputs = new Map(graph.inputs.map((value) => [value.name, value]))
  const pairs = [...updates].flatMap(([name, value]) => {
    const input = slots.has(name) ? inputs.get(name) : undefined
    return input ? [[input, map.get(value)!] as const] : []
  })
  return overwritable(graph, pairs).map(([{ name }]) => name)
}

async function lowered(
  graph: Graph,
  blocks: readonly string[],
  { output, loss }: Pick<Parts, 'output' | 'loss'>,
  device: Device,
): Promise<Rewritten> {
  const pass = await finishInTurns(lowerGraphInSteps(graph, { device }), pauses(nextTurn))
  if (!loss || blocks.length === 0) return pass
  const [last, end] = [pass.map.get(output)!, pass.map.get(loss)!]
  return composed(pass, recomputeBlocks(pass.graph, { output: last, loss: end, blocks }))
}

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
