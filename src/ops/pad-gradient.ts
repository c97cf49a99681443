import { GraphError } from '../core/errors.ts'
import type { Node, Value } from '../graph/graph.ts'
import { axisOf } from './axis.ts'
import { constantInts } from './constants.ts'
import { add, sub } from './elementwise.ts'
import { pad } from './pad.ts'
import { reduceSum } from './reduce.ts'
import { reshape } from './reshape.ts'
import { slice } from './slice.ts'

/** The padding of one axis. */
interface Sides {
  readonly axis: number
  readonly before: number
  readonly size: number
  readonly after: number
}

/** Part of a gradient that belongs at `offset` of the axis. */
interface Piece {
  readonly part: Value
  readonly offset: number
}

/** What was padded gets the gradient of its place, and of its copies. A constant filled in gets that of all the rest. */
export function padGradient(
  node: Node,
  [dy]: readonly (Value | undefined)[],
  needs: readonly boolean[],
): (Value | undefined)[] {
  const [sides, mode] = [sidesOf(node), node.string('mode', 'constant')]
  if (mode === 'reflect' || mode === 'edge') {
    const copies = mode === 'reflect' ? reflections : borders
    return [sides.reduceRight((inner, side) => foldBack(inner, side, copies(inner, side)), dy!)]
  }
  if (mode !== 'constant')
    throw new GraphError(`${node.toString()}: no gradient for mode ${mode}; use constant, reflect or edge`)
  const inside = sides.reduce(crop, dy!)
  const filled = (): Value => reshape(sub(reduceSum(dy!), reduceSum(inside)), node.input(2).shape)
  return [inside, undefined, needs[2] ? filled() : undefined]
}

function sidesOf(node: Node): Sides[] {
  const [x, pads] = [node.input(0), constantInts(node, 1)]
  const given = node.inputs[3] ? constantInts(node, 3) : x.shape.map((_, axis) => axis)
  const sides = given.map((axis, index) => ({
    axis: axisOf('pad', x, axis),
    before: pads[index]!,
    after: pads[index + given.length]!,
  }))
  if (pads.some((count) => count < 0))
    throw new GraphError(`${node.toString()}: no gradient for negative pads; use slice instead`)
  return sides
    .filter(({ before, after }) => before + after > 0)
    .map((side) => ({ ...side, size: x.dim(side.axis) }))
}

function crop(dy: Value, { axis, before, size }: Sides): Value {
  return slice(dy, [before], [before + size], { axes: [axis] })
}

/** The gradient inside, and the pieces from the padding added where they were copied from. */
function foldBack(dy: Value, side: Sides, pieces: readonly Piece[]): Value {
  return pieces.reduce(
    (sum, { part, offset }) => {
      const rest = side.size - offset - part.dim(side.axis)
      return add(sum, pad(part, [offset, rest], { axes: [side.axis] }))
    },
    crop(dy, side),
  )
}

/** x[1 … before] backwards stood before x; x[size − 1 − after … size − 2] backwards after it. */
function reflections(dy: Value, { axis, before, size, after }: Sides): Piece[] {
  const backwards = (first: number, end: number): Value =>
    slice(dy, [first], [end], { axes: [axis], steps: [-1] })
  const begin = before + size
  return [
    ...(before > 0 ? [{ part: backwards(before - 1, -Infinity), offset: 1 }] : []),
    ...(after > 0 ? [{ part: backwards(begin + after - 1, begin - 1), offset: size - 1 - after }] : []),
  ]
}

/** All elements before x were its first, all after it its last. */
function borders(dy: Value, { axis, before, size, after }: Sides): Piece[] {
  const sum = (start: number, end: number): Value =>
    reduceSum(slice(dy, [start], [end], { axes: [axis] }), [axis], { keepDims: true })
  return [
    ...(before > 0 ? [{ part: sum(0, before), offset: 0 }] : []),
    ...(after > 0 ? [{ part: sum(before + size, Infinity), offset: size - 1 }] : []),
  ]
}
