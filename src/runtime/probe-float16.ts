import { RuntimeError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import { Graph } from '../graph/graph.ts'
import { halve, largestHalf, widen } from '../graph/half.ts'
import { serialize } from '../graph/serialize.ts'
import type { Engine } from './engine.ts'
import type { Device } from './providers.ts'
import { loadProgram } from './start-engine.ts'

/** Numbers that float16 doesn't have, and what becomes of them. */
const [given, expected] = [
  [1 + 2 ** -12, -1e6],
  [1, -largestHalf],
]

/** What is wrong with a device's float16; `undefined` if nothing is. It is tried, since in Node nothing else tells. */
export async function probeFloat16(engine: Engine, device: Device): Promise<string | undefined> {
  const graph = new Graph()
  const y = graph.output(widen(halve(graph.input('x', 'float32', [given.length]))))
  const program = { model: serialize(graph), stateInputs: {}, updates: {}, fetches: [y.name] }
  try {
    await loadProgram(engine, device, 'float16', program)
    const results = await engine.run('float16', { x: Tensor.from(given) })
    const numbers = Array.from(results[y.name]!.data, Number)
    const isRight = numbers.every((number, index) => number === expected[index])
    return isRight ? undefined : `${given.join(', ')} became ${numbers.join(', ')}`
  } catch (error) {
    // A device or a worker that is gone is another matter.
    if (error instanceof RuntimeError && error.name === RuntimeError.name) return error.message
    throw error
  }
}
