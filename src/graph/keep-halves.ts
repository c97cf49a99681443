import { Tensor } from '../core/tensor.ts'
import { after } from './after.ts'
import { comparedExactly } from './compared.ts'
import type { Graph, Node, Value } from './graph.ts'
import { halve, widen } from './half.ts'
import { hasBatch } from './recompute.ts'
import { liveNodes, reading, rewrite, type Rewritten } from './rewrite.ts'

/** Where the forward pass ends, and what the device can do, for {@link keepHalves}. */
export interface HalvesOptions {
  /** The model's output. */
  readonly output: Value
  /** The last value of the forward pass; what comes after it in the graph is the backward pass. */
  readonly loss: Value
  /** Whether integers, as in shapes, are computed on the device. WebGPU has no `Concat` of them. */
  readonly hasIntegers: boolean
}

/**
 * Keeps activations as float16 from the forward to the backward pass, which reads the rounded numbers; the forward pass
 * itself goes on with the others. Kept so is what the model makes for each sample, up to its output, but for what
 * gradients compare with numbers that aren't rounded.
 *
 * @param graph - A lowered training graph.
 * @returns The new graph, and where each value of the old one went.
 * @see https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks
 */
export function keepHalves(graph: Graph, { hasIntegers, ...end }: HalvesOptions): Rewritten {
  const nodes = liveNodes(graph)
  const [outputAt, lossAt] = [placeOf(end.output, nodes), placeOf(end.loss, nodes)]
  const later = nodes.slice(lossAt + 1)
  const rounded = activations(graph, nodes.slice(0, outputAt + 1), later)
  for (const value of comparedExactly(later, rounded)) rounded.delete(value)
  const halves = new Map<Value, Value>()
  const readers = new Map<Value, number>()
  let output: Value | undefined
  const read = (value: Value): Value => {
    const half = halves.get(value)
    if (!half) return value
    const reader = readers.get(half) ?? 0
    readers.set(half, reader + 1)
    return widen(output ? after(half, output) : respelled(half, reader))
  }
  let position = 0
  return rewrite(graph, (copy) => {
    const at = position++
    if (at > lossAt) return reading(copy, read).outputs
    if (at === outputAt && hasIntegers && hasBatch(end.output))
      output = copy.output(nodes[at]!.outputs.indexOf(end.output))
    return nodes[at]!.outputs.map((value, index) => {
      if (!rounded.has(value)) return copy.output(index)
      const { half, held } = keep(copy.output(index))
      halves.set(held, half)
      return held
    })
  })
}

const placeOf = ({ producer }: Value, nodes: readonly Node[]): number =>
  producer ? nodes.indexOf(producer) : -1

/** What `forward` makes for each sample and `backward` reads. Outputs of the graph are there to its end anyway. */
function activations(graph: Graph, forward: readonly Node[], backward: readonly Node[]): Set<Value> {
  const made = forward.flatMap(({ outputs }) => outputs)
  const read = new Set(backward.flatMap(({ inputs }) => inputs))
  return new Set(
    made.filter(
      (value) =>
        read.has(value) && value.dtype === 'float32' && hasBatch(value) && !graph.outputs.includes(value),
    ),
  )
}

/** Goes on with `value` once its half is there, and gives both. */
function keep(value: Value): { readonly half: Value; readonly held: Value } {
  const half = halve(value)
  const { graph, rank } = value
  // ONNX Runtime would else make the half where it's read first, in the backward pass, and keep the float32 numbers until
  // then. `Reshape` copies nothing, and a shape that is read off the half isn't simplified away.
  const shape = graph.add('Shape', [half], {}, [{ dtype: 'int64', shape: [rank] }]).output()
  return { half, held: graph.add('Reshape', [value, shape], {}, [value]).output() }
}

/**
 * A half under its own shape in another spelling for each reader: the size that is left to be computed (−1) is in the next
 * place. ONNX Runtime merges conversions that are equal, and would keep the float32 numbers from the first reader to
 * the last. Of more readers than dimensions some share. `after` does the same, and took less memory on the CPU.
 */
function respelled(half: Value, reader: number): Value {
  const place = reader % half.rank
  const sizes = half.shape.map((size, axis) => (axis === place ? -1 : typeof size === 'number' ? size : 0))
  const target = new Tensor('int64', BigInt64Array.from(sizes, BigInt), [half.rank])
  return half.graph.add('Reshape', [half, half.graph.constant(target)], {}, [half]).output()
}
