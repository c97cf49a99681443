import { nextTurn } from '#platform'

import type { TypedArray } from '../core/dtype.ts'
import type { WireTensors } from './engine.ts'

/** Bytes copied between two turns of the event loop: a few milliseconds, for memory that is touched first then. */
const piece = 1 << 20

/**
 * Copies tensors, to be transferred, without holding up the caller's event loop: a structured clone of a whole
 * ResNet-18 took half a second at once.
 */
export async function copyInTurns(tensors: WireTensors): Promise<WireTensors> {
  const copies: [string, WireTensors[string]][] = []
  let untilTurn = piece
  for (const [name, { data, ...type }] of Object.entries(tensors)) {
    const copy = new (data.constructor as new (length: number) => TypedArray)(data.length)
    const step = piece / data.BYTES_PER_ELEMENT
    for (let start = 0; start < data.length; start += step) {
      const part = data.subarray(start, start + step)
      copy.set(part as never, start)
      untilTurn -= part.byteLength
      if (untilTurn > 0) continue
      await nextTurn()
      untilTurn = piece
    }
    copies.push([name, { ...type, data: copy }])
  }
  return Object.fromEntries(copies)
}

/** The memory of tensors, as `postMessage` takes it. */
export function buffersOf(tensors: WireTensors): ArrayBuffer[] {
  return [...new Set(Object.values(tensors).map(({ data }) => data.buffer))]
}
