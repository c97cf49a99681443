import { env, InferenceSession, Tensor } from 'onnxruntime-web/webgpu'

import { identityModel } from '../../../src/runtime/identity-model.ts'
import type { ReplayPage, ReplayRequest, ReplayTimes } from '../replay.ts'
import { inputOf } from '../step-program-input.ts'

env.wasm.wasmPaths = '/assets/onnxruntime-web/'

const executionProviders = [{ name: 'webgpu', preferredLayout: 'NCHW' }] as const
const preferredOutputLocation = 'gpu-buffer'

async function time({ model, weights, batch, steps, isReplayed }: ReplayRequest): Promise<ReplayTimes> {
  const session = await InferenceSession.create(await read(model), {
    executionProviders,
    preferredOutputLocation,
    externalData: await Promise.all(
      Object.entries(weights).map(async ([path, url]) => ({ path, data: await read(url) })),
    ),
    enableGraphCapture: isReplayed,
  })
  const feeds: Record<string, Tensor> = {}
  for (const input of session.inputMetadata) {
    const { type, data, dims } = inputOf(input, batch)
    feeds[input.name] = await onDevice(new Tensor(type, data, dims))
  }
  const device = await env.webgpu.device
  const times: ReplayTimes[] = []
  for (let step = 0; step <= steps; step++) {
    const began = performance.now()
    const results = await session.run(feeds)
    const handedOver = (performance.now() - began) / 1000
    await device.queue.onSubmittedWorkDone()
    times.push({ handedOver, done: (performance.now() - began) / 1000 })
    for (const tensor of Object.values(results)) tensor.dispose()
  }
  // The first compiles, or records.
  const least = (of: (times: ReplayTimes) => number) => Math.min(...times.slice(1).map(of))
  return { handedOver: least(({ handedOver }) => handedOver), done: least(({ done }) => done) }
}

const copiers = new Map<string, InferenceSession>()

/** In a buffer of ONNX Runtime's own, which a recorded session needs. */
async function onDevice(tensor: Tensor): Promise<Tensor> {
  const type = tensor.type as 'float32' | 'int32'
  const copier =
    copiers.get(type) ??
    (await InferenceSession.create(identityModel(type), { executionProviders, preferredOutputLocation }))
  copiers.set(type, copier)
  return (await copier.run({ x: tensor })).y!
}

async function read(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer())
}

globalThis.replay = { time } satisfies ReplayPage
