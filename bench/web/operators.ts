/**
 * Times what WebGPU's operators take in Chromium: `npx tsx -C onnx-finetune-source bench/web/operators.ts [pattern]`, the pattern being
 * of names. Nanoseconds a number that comes out, and a multiplication for products, the least of five runs of several
 * operators that don't depend on each other. src/ops/conv-formulations.ts and its neighbours choose by them.
 */
import { fileURLToPath } from 'node:url'

import { openChromium, wholeBrowsers } from '../../test/web/support/chromium.ts'
import { serve } from '../../test/web/support/server.ts'
import { Generator, Graph, Tensor, type Value } from '../../src/index.ts'
import { serialize } from '../../src/graph/serialize.ts'
import { emit, product } from '../../src/ops/conv-emit.ts'
import { transpose } from '../../src/ops/reshape.ts'
import { buildPages, siteRoots } from './site.ts'

/** Times a model whose inputs' shapes are given. */
export interface OperatorRequest {
  /** In base 64. */
  readonly model: string
  readonly inputs: Readonly<Record<string, readonly number[]>>
}

/** The page's global `operators`. */
export interface OperatorsPage {
  time(request: OperatorRequest): Promise<number>
}

declare global {
  var operators: OperatorsPage
}

interface Case {
  readonly name: string
  readonly shapes: readonly (readonly number[])[]
  readonly build: (...inputs: readonly Value[]) => Value
  /** How many there are of what is counted. Default: the numbers that come out. */
  readonly count?: number
}

/** So many are timed at once, for what a run takes besides. */
const copies = 6

const generator = new Generator(0)
const constant = ({ graph }: Value, shape: readonly number[]): Value => {
  const data = Float32Array.from({ length: product(shape) }, () => generator.normal())
  return graph.constant(new Tensor('float32', data, shape))
}
const places = ({ graph }: Value, count: number, size: number): Value =>
  graph.constant(
    new Tensor(
      'int32',
      Int32Array.from({ length: count }, (_, index) => (index * 7) % size),
      [count],
    ),
  )

/** `rows` by `terms` times the transpose of `outputs` by `terms`. */
const gemm = (rows: number, outputs: number, terms: number): Case => ({
  name: `Gemm ${rows} × ${terms} × ${outputs}, a term`,
  shapes: [[rows, terms]],
  build: (x) => emit('Gemm', [x, constant(x, [outputs, terms])], [rows, outputs], { transB: { int: 1 } }),
  count: rows * outputs * terms,
})

// Shapes of ResNet-18's first layer at batch 4.
const [lines, tiles, image] = [
  [4, 812, 64],
  [3136, 64],
  [4, 64, 56, 56],
] as const
const cases: readonly Case[] = [
  { name: 'Sub', shapes: [lines, lines], build: (x, y) => emit('Sub', [x, y], lines) },
  { name: 'Mul by a scalar', shapes: [lines], build: (x) => emit('Mul', [x, constant(x, [])], lines) },
  { name: 'Mul by rows', shapes: [lines], build: (x) => emit('Mul', [x, constant(x, [812, 1])], lines) },
  {
    name: 'Mul of one row by four',
    shapes: [[3136, 1, 64]],
    build: (x) => emit('Mul', [x, constant(x, [1, 4, 1])], [3136, 4, 64]),
  },
  {
    name: 'Mul by a scalar of four dimensions',
    shapes: [[512, 512, 3, 3]],
    build: (x) => emit('Mul', [x, constant(x, [1, 1, 1, 1])], x.shape),
  },
  { name: 'Relu', shapes: [image], build: (x) => emit('Relu', [x], image) },
  {
    name: 'Concat of four',
    shapes: [tiles, tiles, tiles, tiles],
    build: (...rows) => emit('Concat', rows, [3136, 256], { axis: { int: 1 } }),
  },
  {
    name: 'Gather',
    shapes: [lines],
    build: (x) => emit('Gather', [x, places(x, 2352, 812)], [4, 2352, 64], { axis: { int: 1 } }),
  },
  {
    name: 'Transpose to channels last',
    shapes: [[4, 64, 3136]],
    build: (x) => transpose(x, [0, 2, 1]),
  },
  { name: 'Transpose of two dimensions', shapes: [[3136, 64]], build: (x) => transpose(x, [1, 0]) },
  {
    name: 'Einsum, a term of a row',
    shapes: [image],
    build: (x) => emit('Einsum', [x], [4, 64, 56], { equation: { string: 'ncde->ncd' } }),
    count: product(image),
  },
  gemm(3136, 64, 64),
  gemm(3136, 64, 192),
  gemm(784, 128, 384),
  gemm(224, 256, 768),
  gemm(56, 512, 1536),
  {
    name: 'Conv 64 → 64, 3 × 3, a term',
    shapes: [image],
    build: (x) => emit('Conv', [x, constant(x, [64, 64, 3, 3])], image, { pads: { ints: [1, 1, 1, 1] } }),
    count: product(image) * 64 * 9,
  },
]

function requestOf({ shapes, build }: Case): { request: OperatorRequest; numbers: number } {
  const graph = new Graph()
  const outputs = Array.from({ length: copies }, (_, copy) => {
    const inputs = shapes.map((shape, index) => graph.input(`x${copy}.${index}`, 'float32', shape))
    return graph.output(build(...inputs))
  })
  const inputs = Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, shape.map(Number)]))
  const model = Buffer.from(serialize(graph)).toString('base64')
  return { request: { model, inputs }, numbers: product(outputs[0]!.fixedShape()) }
}

const wanted = new RegExp(process.argv[2] ?? '')
const out = fileURLToPath(new URL('../../out/bench-web/site', import.meta.url))
await buildPages(out, ['operators'])
const server = await serve({ roots: siteRoots(out) })
const browser = await openChromium([], wholeBrowsers)
try {
  const page = await browser.newPage()
  await page.goto(`${server.url}operators.html`)
  await page.waitForFunction(() => 'operators' in globalThis)
  for (const each of cases.filter(({ name }) => wanted.test(name))) {
    const { request, numbers } = requestOf(each)
    const seconds = await page.evaluate((given) => globalThis.operators.time(given), request)
    const nanoseconds = (1e9 * seconds) / copies / (each.count ?? numbers)
    console.log(`${each.name.padEnd(40)} ${nanoseconds.toPrecision(3)} ns`)
  }
} finally {
  await browser.close()
  await server.close()
}
