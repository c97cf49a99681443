import { GraphError, ShapeError } from '../core/errors.ts'
import { Graph, type Dim, type Value } from '../graph/graph.ts'
import type { Module } from './module.ts'
import type { ModuleBuffer, Parameter } from './parameter.ts'

/** A parameter that a traced graph reads. */
export interface TracedParameter {
  readonly name: string
  readonly parameter: Parameter
  readonly value: Value
}

/** A buffer that a traced graph reads; `next` is its value after the step, where the module updates it. */
export interface TracedBuffer {
  readonly name: string
  readonly buffer: ModuleBuffer
  readonly value: Value
  next?: Value
}

/** A mask to be fed at each step: ones with probability 1 − dropProbability, else zeros. */
export interface RandomInput {
  readonly value: Value
  readonly dropProbability: number
}

/** The fewest samples that a module can compute with. */
export interface BatchNeed {
  readonly samples: number
  /** Names the module. */
  readonly reason: string
}

/** Options of {@link traceModule}. */
export interface TraceOptions {
  /** With a symbolic batch: `['N', 3, 224, 224]`. */
  readonly inputShape: readonly Dim[]
  /** Which state to bake into the graph as constants instead of graph inputs. Default: none. */
  readonly asConstant?: (state: Parameter | ModuleBuffer) => boolean
}

/** A module as a graph under construction. */
export class Trace {
  static readonly name: string = 'Trace'

  readonly graph = new Graph()
  readonly parameters: TracedParameter[] = []
  readonly buffers: TracedBuffer[] = []
  readonly randomInputs: RandomInput[] = []
  /** What the batch must have, where its size is known only when the graph runs. */
  readonly batchNeeds: BatchNeed[] = []
  readonly input: Value
  readonly #names = new Map<object, string>()
  readonly #values = new Map<object, Value>()
  readonly #asConstant: (state: Parameter | ModuleBuffer) => boolean

  constructor(module: Module, { inputShape, asConstant = () => false }: TraceOptions) {
    traces.set(this.graph, this)
    this.#asConstant = asConstant
    for (const [name, child] of module.namedModules()) this.#names.set(child, name)
    for (const [name, state] of module.namedParameters()) this.#names.set(state, name)
    for (const [name, state] of module.namedBuffers()) this.#names.set(state, name)
    this.input = this.graph.input('input', 'float32', inputShape)
  }

  /** Qualified name of a module, parameter or buffer. */
  nameOf(item: object): string {
    return this.#names.get(item) ?? ''
  }

  /** A parameter's value: a graph input under its qualified name, or a constant. */
  parameter(parameter: Parameter): Value {
    return this.#value(parameter, (name, value) => this.parameters.push({ name, parameter, value }))
  }

  /** A buffer's value before this step or, in a module that is called again, after its last call. */
  buffer(buffer: ModuleBuffer): Value {
    const updated = this.buffers.find((entry) => entry.buffer === buffer)?.next
    return updated ?? this.#value(buffer, (name, value) => this.buffers.push({ name, buffer, value }))
  }

  /** Says what a buffer becomes after this step. */
  update(buffer: ModuleBuffer, next: Value): void {
    const traced = this.buffers.find((entry) => entry.buffer === buffer)
    if (traced) traced.next = next
  }

  /** A mask to be fed at each step. */
  mask(shape: readonly Dim[], dropProbability: number): Value {
    const value = this.graph.input(`mask:${this.randomInputs.length}`, 'float32', shape)
    this.randomInputs.push({ value, dropProbability })
    return value
  }

  /** Says that `module` needs so many samples, and why. Throws {@link ShapeError} if a fixed batch has fewer. */
  needBatch(module: object, samples: number, why: string): void {
    const need = { samples, reason: `${this.nameOf(module) || module.constructor.name}: ${why}` }
    this.batchNeeds.push(need)
    const [batch] = this.input.shape
    if (typeof batch === 'number') checkBatchNeeds(batch, [need])
  }

  #value(state: Parameter | ModuleBuffer, register: (name: string, value: Value) => void): Value {
    const known = this.#values.get(state)
    if (known) return known
    const name = this.#names.get(state)
    if (name === undefined) {
      throw new GraphError(
        'a parameter is used that is no attribute of a module: assign it to a property of its module',
      )
    }
    const { dtype, shape } = state.tensor
    const constant = this.#asConstant(state)
    const value = constant ? this.graph.constant(state.tensor, name) : this.graph.input(name, dtype, shape)
    this.#values.set(state, value)
    if (!constant) register(name, value)
    return value
  }
}

/** Throws {@link ShapeError} where a batch of so many samples is too small for a module. */
export function checkBatchNeeds(batch: number, needs: readonly BatchNeed[]): void {
  const failed = needs.find(({ samples }) => batch < samples)
  if (!failed) return
  throw new ShapeError(
    `a batch of ${batch} is too small, ${failed.samples} are needed. ${failed.reason}. Leave the batch out (dropLast: true), or put that module into evaluation mode (eval()).`,
  )
}

const traces = new WeakMap<Graph, Trace>()

/** The trace that a value's graph belongs to. Layers ask it for their parameters' values. */
export function traceOf(x: Value): Trace {
  const trace = traces.get(x.graph)
  if (!trace)
    throw new GraphError('modules can be called only while they are traced: use traceModule or a session')
  return trace
}

/** Qualified name of a module, `''` outside of a trace. */
export function scopeNameOf(graph: Graph, module: object): string {
  return traces.get(graph)?.nameOf(module) ?? ''
}

/** Runs a module's forward pass once, symbolically. Each sub-module's own `training` flag counts. */
export function traceModule(module: Module, options: TraceOptions): { trace: Trace; output: Value } {
  const trace = new Trace(module, options)
  return { trace, output: module.call(trace.input) }
}
