import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'

import { Graph, type Value } from '../src/graph/graph.ts'
import { rewrite } from '../src/graph/rewrite.ts'
import { serialize } from '../src/graph/serialize.ts'
import { convGradientOps, convGradInput, convGradWeight } from '../src/ops/conv-gradients.ts'
import { geometryOf, windowsOf } from '../src/ops/conv-geometry.ts'

/**
 * Times the gradients of ResNet-18's convolutions as they are lowered for the CPU, batch 4, two threads, minima of
 * serial runs: `npx tsx -C onnx-finetune-source bench/ops.ts`. src/ops/conv-formulations.ts holds the choices to try.
 */

const batch = 4
const runs = 12

/** Channels in and out, map size, kernel, stride. */
const layers = [
  [3, 64, 224, 7, 2],
  [64, 64, 56, 3, 1],
  [64, 128, 56, 3, 2],
  [64, 128, 56, 1, 2],
  [128, 128, 28, 3, 1],
  [128, 256, 28, 3, 2],
  [256, 256, 14, 3, 1],
  [256, 512, 14, 3, 2],
  [512, 512, 7, 3, 1],
] as const

for (const [channels, out, size, kernel, stride] of layers) {
  const geometry = geometryOf([kernel, kernel], { strides: stride, padding: Math.floor(kernel / 2) })
  const build = (of: 'dW' | 'dX'): Graph => {
    const graph = new Graph()
    const x = graph.input('x', 'float32', [batch, channels, size, size])
    const w = graph.input('w', 'float32', [out, channels, kernel, kernel])
    const dy = graph.input('dy', 'float32', [batch, out, ...windowsOf(geometry, [size, size], x)])
    graph.output(of === 'dW' ? convGradWeight(x, dy, geometry, w) : convGradInput(dy, w, geometry, x))
    return graph
  }
  const times = [await time(build('dW')), channels === 3 ? NaN : await time(build('dX'))]
  console.log(
    `${channels}→${out} ${size}² k${kernel} s${stride}: dW ${times[0]!.toFixed(1)} ms, dX ${times[1]!.toFixed(1)} ms`,
  )
}

async function time(graph: Graph): Promise<number> {
  const lowered = rewrite(graph, (copy) =>
    convGradientOps.find(({ type }) => type === copy.opType)?.lower?.(copy, { device: 'cpu' }),
  ).graph
  const session = await InferenceSession.create(serialize(lowered), { intraOpNumThreads: 2 })
  const feeds = Object.fromEntries(
    lowered.inputs
      .filter(({ name }) => session.inputNames.includes(name))
      .map((input) => [input.name, noise(input)]),
  )
  let best = Infinity
  for (let run = 0; run < runs; run++) {
    const start = performance.now()
    await session.run(feeds)
    best = Math.min(best, performance.now() - start)
  }
  await session.release()
  return best
}

function noise(value: Value): OrtTensor {
  const shape = value.fixedShape()
  const count = shape.reduce((total, dim) => total * dim, 1)
  return new OrtTensor(
    'float32',
    Float32Array.from({ length: count }, () => Math.random() - 0.5),
    shape,
  )
}
