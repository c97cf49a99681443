import { bytesPerElement } from '../core/dtype.ts'
import { RuntimeError } from '../core/errors.ts'
import type { Dim, Graph, Node, Value } from '../graph/graph.ts'
import { liveNodes } from '../graph/rewrite.ts'

/**
 * What a run of a graph takes of ONNX Runtime's WebAssembly memory, before it is run: a walk over the nodes that adds up the
 * values which are alive at each. WebAssembly has 4 GB and gives none back: a page's engine that fills them is lost.
 */

/** Bytes by the batch's size N: `fixed + perSample · N`. */
export interface Size {
  readonly fixed: number
  readonly perSample: number
}

/** Memory at each moment of a run: which of them is the peak depends on the batch. */
export type MemoryProfile = readonly Size[]

/** Their output is their input's memory under another shape. */
const aliases = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity'])

/** ONNX Runtime lets their output overwrite an input of its size that nobody else reads. */
const inPlace = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Relu',
  'Neg',
  'Sqrt',
  'Exp',
  'Log',
  'Sigmoid',
  'Tanh',
  'Clip',
])

/** ONNX Runtime's code and structures: what a session of few numbers takes. */
const base = 40e6

/** Constants lie in the session as they came and, where an operator packs them, once more. */
const constantCopies = 1

/**
 * What ONNX Runtime's memory has beside the values: gaps, scratch of convolutions, an order of nodes of its own. From ResNet-18
 * and -50 at batches of 4 to 80, by bench/web/memory.ts.
 */
const overhead = 1.15

/** WebAssembly's addresses have 32 bits. */
const limit = 2 ** 32

/**
 * Of twelve training steps between 0.1 and 2.9 GB the estimate was from 14 % too small (Adam, 0.45 GB) to 29 % too large (head
 * alone, 0.1 GB); at 2.9 GB it was right within 1 %. None nearer to the limit was measured.
 */
const margin = 0.06 * limit

/**
 * The memory of a run. Its inputs and outputs lie there to its end, beside what lives between two nodes only.
 *
 * @param graph - As it's serialised, in operators that ONNX Runtime has.
 */
export function memoryProfile(graph: Graph): MemoryProfile {
  const constants = graph.constants.reduce((sum, { constant }) => sum + constant!.data.byteLength, 0)
  const sizes = new Sizes()
  const resident = graph.inputs.reduce((sum, input) => plus(sum, sizes.of(input)), {
    fixed: base + constantCopies * constants,
    perSample: 0,
  })
  return [none, ...living(graph, sizes)].map((size) => times(plus(resident, size), overhead))
}

/** Throws {@link RuntimeError} where a run with `batch` samples would fill WebAssembly's memory; `profile` is empty elsewhere. */
export function checkMemory(profile: MemoryProfile, batch: number): void {
  if (profile.length === 0) return
  const needed = peakMemory(profile, batch)
  if (needed <= limit - margin) return
  const most = largestBatch(profile, limit - margin)
  throw new RuntimeError(
    `a batch of ${batch} would take about ${gigabytes(needed)} of WebAssembly's ${gigabytes(limit)}: ` +
      (most > 0 ? `take batches of at most ${most}, ` : 'take smaller pictures, ') +
      "freeze more layers, pass `gradientCheckpointing: true`, or use device 'webgpu' (or, in Node, 'cpu')",
  )
}

/** Bytes of a run with `batch` samples. */
export function peakMemory(profile: MemoryProfile, batch: number): number {
  return Math.max(...profile.map(({ fixed, perSample }) => fixed + perSample * batch))
}

/** The largest batch whose run takes no more than `limit` bytes; 0 where not even one sample fits. */
export function largestBatch(profile: MemoryProfile, limit: number): number {
  const batches = profile.map(({ fixed, perSample }) =>
    perSample === 0 ? (fixed > limit ? 0 : Infinity) : Math.floor((limit - fixed) / perSample),
  )
  return Math.max(0, Math.min(...batches))
}

/** What nodes have made that others wait for, at each node. */
function living(graph: Graph, sizes: Sizes): Size[] {
  const nodes = liveNodes(graph)
  const dying = lastReads(graph, nodes)
  let now = none
  return nodes.map((node) => {
    const ending = dying.get(node) ?? []
    for (const value of made(node)) now = plus(now, sizes.of(value))
    const overwritten =
      inPlace.has(node.opType) && ending.find((value) => sizes.areSame(value, node.output()))
    const moment = overwritten ? minus(now, sizes.of(overwritten)) : now
    for (const value of ending) now = minus(now, sizes.of(value))
    return moment
  })
}

/** By node the values that nobody reads after it. */
function lastReads(graph: Graph, nodes: readonly Node[]): ReadonlyMap<Node, readonly Value[]> {
  const last = new Map<Value, Node>()
  for (const node of nodes) {
    for (const value of made(node)) last.set(value, node)
    for (const value of node.inputs) if (value) last.set(ownerOf(value), node)
  }
  for (const output of graph.outputs) last.delete(ownerOf(output))
  const dying = new Map<Node, Value[]>()
  for (const [value, node] of last) {
    if (value.producer) dying.set(node, [...(dying.get(node) ?? []), value])
  }
  return dying
}

/** The values that a node takes memory for. */
const made = (node: Node): readonly Value[] => (aliases.has(node.opType) ? [] : node.outputs)

/** The value whose memory `value` is. */
function ownerOf(value: Value): Value {
  const { producer } = value
  return producer && aliases.has(producer.opType) ? ownerOf(producer.input(0)) : value
}

/** Sizes in bytes. Products of symbols (`'N·L'`) have one of their own at each place: they're found through the inputs. */
class Sizes {
  readonly #known = new Map<Value, Size>()

  of(value: Value): Size {
    const size = this.#known.get(value) ?? this.#compute(value)
    this.#known.set(value, size)
    return size
  }

  areSame(a: Value, b: Value): boolean {
    const [left, right] = [this.of(a), this.of(b)]
    return a !== b && left.fixed === right.fixed && left.perSample === right.perSample
  }

  #compute(value: Value): Size {
    const owner = ownerOf(value)
    if (owner !== value) return this.of(owner)
    const bytes = numbersOf(value.shape) * bytesPerElement(value.storage)
    const symbols = value.shape.filter((size) => typeof size === 'string')
    if (symbols.length === 0) return { fixed: bytes, perSample: 0 }
    if (symbols.length === 1 && !symbols[0]!.includes('·')) return { fixed: 0, perSample: bytes }
    const like = value.producer?.inputs.find((input) =>
      input?.shape.some((size) => symbols.includes(`${size}`)),
    )
    const scale = like ? bytes / (numbersOf(like.shape) * bytesPerElement(like.storage)) : 1
    return { fixed: 0, perSample: like ? this.of(like).perSample * scale : bytes }
  }
}

/** The product of the sizes that are numbers. */
const numbersOf = (shape: readonly Dim[]): number =>
  shape.reduce<number>((product, size) => (typeof size === 'number' ? product * size : product), 1)

const none: Size = { fixed: 0, perSample: 0 }
const plus = (a: Size, b: Size): Size => ({ fixed: a.fixed + b.fixed, perSample: a.perSample + b.perSample })
const minus = (a: Size, b: Size): Size => ({ fixed: a.fixed - b.fixed, perSample: a.perSample - b.perSample })
const times = (a: Size, factor: number): Size => ({
  fixed: a.fixed * factor,
  perSample: a.perSample * factor,
})

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`
