import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, type ModelProto } from 'onnx-buf'

import { Tensor } from '../../src/core/tensor.ts'
import type { WireTensor } from '../../src/runtime/engine.ts'
import type { TrainingPlan } from '../../src/runtime/training-graph.ts'

const runtime = await import('onnxruntime-node')

/** A kernel in ONNX Runtime's profile. */
interface KernelEvent {
  readonly name: string
  readonly cat: string
  readonly ts: number
  readonly args: { readonly op_name?: string; readonly output_size?: string }
}

/** Their output is their input's memory. */
const aliases = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze'])

/**
 * Bytes that ONNX Runtime keeps on the CPU while it computes the loss (by `LogSoftmax`), for nodes that come later. It
 * simplifies graphs and orders nodes by itself: so they are taken from what it made of the model, and from a run's profile.
 */
export async function bytesKeptAtLoss(
  plan: TrainingPlan,
  feeds: Readonly<Record<string, WireTensor>>,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'kept-at-loss-'))
  try {
    await run(plan, feeds, folder)
    const profile = (await readdir(folder)).find((name) => name.startsWith('profile'))!
    const events = JSON.parse(await readFile(join(folder, profile), 'utf8')) as readonly KernelEvent[]
    return keptAtLoss(fromBinary(ModelProtoSchema, await readFile(join(folder, 'model.onnx'))), events)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function run(
  { program, ...plan }: TrainingPlan,
  feeds: Readonly<Record<string, WireTensor>>,
  folder: string,
) {
  const session = await runtime.InferenceSession.create(program.model, {
    externalData: Object.entries(program.weights ?? {}).map(([path, { data }]) => ({
      path,
      data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    })),
    enableProfiling: true,
    profileFilePrefix: join(folder, 'profile'),
    optimizedModelFilePath: join(folder, 'model.onnx'),
    // It warns that an optimized model is for this machine only.
    logSeverityLevel: 3,
  })
  const given = { ...plan.initialState(), ...plan.scalars(), ...feeds }
  const inputs = session.inputNames.map((name) => {
    const state = given[name]!
    const { dtype, data, shape } = 'data' in state ? state : Tensor.zeros(state.shape, state.dtype)
    return [name, new runtime.Tensor(dtype, data as never, shape)] as const
  })
  await session.run(Object.fromEntries(inputs))
  session.endProfiling()
  await session.release()
}

function keptAtLoss({ graph }: ModelProto, events: readonly KernelEvent[]): number {
  const nodes = new Map(graph!.node.map((node) => [node.name, node]))
  const order = events
    .filter(({ name, cat }) => cat === 'Node' && name.endsWith('_kernel_time'))
    .sort((a, b) => a.ts - b.ts)
    .flatMap(({ name, args }) => {
      const node = nodes.get(name.slice(0, -'_kernel_time'.length))
      return node ? [{ node, bytes: Number(args.output_size) }] : []
    })
  const lossAt = order.findIndex(({ node }) => node.opType === 'LogSoftmax')
  const owners = new Map<string, string>()
  const ownerOf = (name: string) => owners.get(name) ?? name
  for (const { node } of order) {
    if (aliases.has(node.opType)) owners.set(node.output[0]!, ownerOf(node.input[0]!))
  }
  const readLater = new Set(order.slice(lossAt + 1).flatMap(({ node }) => node.input.map(ownerOf)))
  const kept = order
    .slice(0, lossAt)
    .filter(({ node }) => !aliases.has(node.opType) && readLater.has(node.output[0]!))
  return kept.reduce((sum, { bytes }) => sum + bytes, 0)
}
