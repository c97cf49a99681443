import { describe, expect, it } from 'vitest'

import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { Graph, type Value } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { emit, product } from '../../src/ops/conv-emit.ts'
import { geometryAttributes, geometryOf, type Geometry } from '../../src/ops/conv-geometry.ts'
import type { Way } from '../../src/ops/conv-places.ts'
import { winograd2, winograd4, winogradConv } from '../../src/ops/conv-winograd.ts'
import { winogradWeightGradient } from '../../src/ops/conv-winograd-weight.ts'
import { transpose } from '../../src/ops/reshape.ts'
import { slice } from '../../src/ops/slice.ts'
import { openTestSession, testDevice } from '../support/device.ts'

/** Against ONNX Runtime's own Conv and ConvTranspose: PyTorch's numbers are what they are compared with elsewhere. */

interface Case {
  readonly sizes: readonly number[]
  readonly kernel: readonly number[]
  readonly padding: readonly number[]
  readonly strides?: readonly number[]
}

const cases: Readonly<Record<string, Case>> = {
  'an even width': { sizes: [4, 6], kernel: [3, 3], padding: [1, 1] },
  'an odd width': { sizes: [5, 9], kernel: [3, 3], padding: [1, 1] },
  'no padding': { sizes: [6, 7], kernel: [3, 3], padding: [0, 0] },
  'two steps from line to line': { sizes: [7, 5], kernel: [3, 3], padding: [1, 1], strides: [2, 1] },
  'one dimension': { sizes: [11], kernel: [3], padding: [1] },
  'three dimensions': { sizes: [3, 4, 5], kernel: [2, 3, 3], padding: [0, 1, 1] },
}
const [batch, channels, out] = [2, 4, 3]

/** Builds y by `build` and by `operator`, on `[N, C, …]`, and gives their largest difference, relative to the largest value. */
async function differenceOf(
  shapes: readonly (readonly number[])[],
  build: (...inputs: [Value, Value, Value]) => Value,
  operator: (...inputs: [Value, Value, Value]) => Value,
): Promise<number> {
  const generator = new Generator(1)
  const graph = new Graph()
  const feeds = Object.fromEntries(
    shapes.map((shape, index) => {
      const data = Float32Array.from({ length: product(shape) }, () => generator.normal())
      return [`x${index}`, new Tensor('float32', data, shape)] as const
    }),
  )
  const inputs = shapes.map((shape, index) => graph.input(`x${index}`, 'float32', shape))
  const y = graph.output(build(...(inputs as [Value, Value, Value])))
  const theirs = graph.output(operator(...(inputs as [Value, Value, Value])))
  const session = await openTestSession(serialize(graph))
  const results = await session.run(feeds).finally(() => session.release())
  const [actual, expected] = [y, theirs].map(({ name }) => Array.from(results[name]!.data, Number))
  expect(actual!.length).toBe(expected!.length)
  const largest = Math.max(...expected!.map(Math.abs))
  return Math.max(...expected!.map((value, index) => Math.abs(value - actual![index]!))) / largest
}

/** ONNX Runtime's own. */
const convolution =
  (operator: 'Conv' | 'ConvTranspose', geometry: Geometry, shape: readonly number[]) =>
  (...inputs: Value[]): Value =>
    emit(operator, inputs, shape, geometryAttributes(geometry))

/** By ONNX Runtime's Conv of the image with dy: batch and channels change places, and so do strides and dilations. */
function weightGradient(x: Value, dy: Value, geometry: Geometry): Value {
  const [rank, [channels, out]] = [geometry.kernel.length, [x.dim(1), dy.dim(1)]]
  const swapped = [1, 0, ...geometry.kernel.map((_, axis) => axis + 2)]
  const reach = Array.from({ length: rank }, (_, axis) => x.dim(axis + 2) + 2 * geometry.pads[axis]!)
  const steps = geometry.strides.map((stride, axis) => stride * (dy.dim(axis + 2) - 1))
  const sizes = reach.map((size, axis) => size - steps[axis]!)
  const attributes = {
    pads: { ints: [...geometry.pads] },
    strides: { ints: geometry.kernel.map(() => 1) },
    dilations: { ints: [...geometry.strides] },
  }
  const images = [transpose(x, swapped), transpose(dy, swapped)]
  const y = transpose(emit('Conv', images, [channels, out, ...sizes], attributes), swapped)
  // Where windows don't reach the end of the image, there are taps that none has.
  return slice(
    y,
    geometry.kernel.map(() => 0),
    geometry.kernel,
    { axes: swapped.slice(2) },
  )
}

const windowsOf = ({ sizes, kernel, padding }: Case, { strides }: Geometry): number[] =>
  sizes.map((size, axis) => Math.floor((size + 2 * padding[axis]! - kernel[axis]!) / strides[axis]!) + 1)

const forms = { 'F(2, 3)': winograd2, 'F(4, 3)': winograd4 }

describe.each(Object.entries(forms))('a convolution by Winograd, %s,', (_, form) => {
  const convolve =
    (geometry: Geometry, windows: readonly number[], way: Way) => (x: Value, weights: Value, bias: Value) =>
      winogradConv({ x, weights, bias, geometry, windows, way }, form)

  it.each(Object.entries(cases))('is that of ONNX Runtime: %s', async (_, entry) => {
    const geometry = geometryOf(entry.kernel, { padding: entry.padding, strides: entry.strides })
    const windows = windowsOf(entry, geometry)
    const shapes = [[batch, channels, ...entry.sizes], [out, channels, ...entry.kernel], [out]]
    const theirs = convolution('Conv', geometry, [batch, out, ...windows])
    const difference = await differenceOf(shapes, convolve(geometry, windows, 'forward'), theirs)
    expect(difference).toBeLessThan(1e-5)
  })

  it.each(Object.entries(cases))("gives the weights' gradient of a plain one: %s", async (_, entry) => {
    const geometry = geometryOf(entry.kernel, { padding: entry.padding, strides: entry.strides })
    const windows = windowsOf(entry, geometry)
    const shapes = [
      [batch, channels, ...entry.sizes],
      [batch, out, ...windows],
    ]
    const build = (x: Value, dy: Value) => winogradWeightGradient({ x, dy, geometry, windows }, form)
    expect(await differenceOf(shapes, build, (x, dy) => weightGradient(x, dy, geometry))).toBeLessThan(1e-5)
  })

  /** ONNX Runtime's WebGPU has no ConvTranspose in three dimensions to compare with. */
  const isKnown = ({ sizes }: Case) => testDevice !== 'webgpu' || sizes.length < 3
  const plain = Object.entries(cases).filter(([, entry]) => !entry.strides && isKnown(entry))
  it.each(plain)('goes back as the transposed one: %s', async (_, entry) => {
    const forward = geometryOf(entry.kernel, { padding: entry.padding })
    const pads = entry.kernel.map((size, axis) => size - 1 - entry.padding[axis]!)
    const back = { ...forward, pads: [...pads, ...pads] }
    const windows = entry.sizes.map((size, axis) => size + entry.kernel[axis]! - 1 - 2 * entry.padding[axis]!)
    const shapes = [[batch, channels, ...entry.sizes], [channels, out, ...entry.kernel], [out]]
    const theirs = convolution('ConvTranspose', forward, [batch, out, ...windows])
    const difference = await differenceOf(shapes, convolve(back, windows, 'back'), theirs)
    expect(difference).toBeLessThan(1e-5)
  })
})
