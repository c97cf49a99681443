import fc from 'fast-check'
import ndarray, { type NdArray } from 'ndarray'
import { describe, expect, it } from 'vitest'

import { StridedView } from '../../src/core/strided-view.ts'

type Peer = NdArray<Int32Array<ArrayBuffer>>
type View = StridedView<Int32Array<ArrayBuffer>>

/** What is done to both, given three numbers from 0 to 1 that it makes its arguments of. */
const changes: Readonly<Record<string, (shares: readonly number[], view: View | Peer) => View | Peer>> = {
  lo: (shares, view) => view.lo(...view.shape.map((length, axis) => Math.floor(shares[axis]! * length))),
  hi: (shares, view) => view.hi(...view.shape.map((length, axis) => Math.ceil(shares[axis]! * length))),
  step: (shares, view) =>
    view.step(...view.shape.map((_, axis) => [-2, -1, 1, 2, 3][Math.floor(shares[axis]! * 5)]!)),
  transpose: (shares, view) => {
    const axes = view.shape.map((_, axis) => axis)
    return view.transpose(...axes.sort((a, b) => shares[a]! - shares[b]!))
  },
  // Not all axes: ndarray takes a view of none for empty.
  pick: (shares, view) =>
    view.pick(...view.shape.map((length, axis) => (axis > 0 && shares[axis]! < 0.3 ? length - 1 : -1))),
}

const everyPosition = (shape: readonly number[]): number[][] =>
  shape.reduce<number[][]>(
    (heads, length) => heads.flatMap((head) => Array.from({ length }, (_, at) => [...head, at])),
    [[]],
  )

const valuesOf = (view: View | Peer) => everyPosition(view.shape).map((position) => view.get(...position))

describe('StridedView', () => {
  const share = fc.double({ min: 0, max: 0.999, noNaN: true })
  const change = fc.tuple(fc.constantFrom(...Object.keys(changes)), fc.tuple(share, share, share))

  it("does what ndarray's views do, whatever is made of them", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.array(change, { maxLength: 4 }),
        (shape, steps) => {
          const data = Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, at) => at)
          let ours: View | Peer = new StridedView(data, shape)
          let theirs: View | Peer = ndarray(data, shape)
          for (const [name, shares] of steps) {
            ours = changes[name]!(shares, ours)
            theirs = changes[name]!(shares, theirs)
          }
          expect(ours.shape).toEqual(theirs.shape)
          expect([ours.size, ours.dimension]).toEqual([theirs.size, theirs.dimension])
          expect(valuesOf(ours)).toEqual(valuesOf(theirs))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('writes into the memory that it views', () => {
    const view = new StridedView(new Float32Array(6), [2, 3])
    view.transpose(1, 0).set(2, 1, 7)
    expect([...view.data]).toEqual([0, 0, 0, 0, 0, 7])
  })
})
