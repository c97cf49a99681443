/** What training on WebGPU does in this thread, where it can be watched. */

const networks = {
  convolutions: ({ nn }, generator) => [
    new nn.Conv2d(3, 6, 3, { stride: 2, padding: 1, generator }),
    new nn.BatchNorm2d(6),
    new nn.ReLU(),
    new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
    new nn.Dropout(0.3),
    new nn.Flatten(),
    new nn.Linear(6 * 3 * 3, 3, { generator }),
  ],
  linear: ({ nn }, generator) => [new nn.Flatten(), new nn.Linear(432, 3, { generator })],
}

/** A session, and batches of a size for it, the same each time. */
async function open({ network = 'linear', frozen = false, ...options } = {}) {
  const { Generator, Tensor, TrainingSession, nn, optim } = globalThis.library
  const generator = new Generator(7)
  const model = new nn.Sequential(...networks[network](globalThis.library, generator))
  if (frozen) model[0].requiresGrad_(false)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 })
  const criterion = new nn.CrossEntropyLoss()
  const session = await TrainingSession.create(model, {
    optimizer,
    criterion,
    device: 'webgpu',
    engine: 'inline',
    ...options,
  })
  const batch = (size) => {
    const inputs = Tensor.zeros([size, 3, 12, 12])
    for (let index = 0; index < inputs.size; index++) inputs.data[index] = 2 * generator.random() - 1
    return [inputs, Tensor.from([0, 1, 2, 0].slice(0, size), 'int32')]
  }
  return { model, optimizer, session, batch }
}

/** Whether this browser's WebGPU computes in float16. */
export async function hasHalf() {
  const adapter = await navigator.gpu.requestAdapter()
  return adapter.features.has('shader-f16')
}

/** Leaves a session open. */
export async function keepPipelines() {
  const { session, batch } = await open({ graphCapture: false })
  await session.trainStep(...batch(4))
}

/**
 * Four epochs with a smaller last batch, another learning rate in each, and a snapshot that is restored: the losses, what
 * evaluations between gave, parameters and momentum at the end, and which steps made no bind groups.
 */
export async function fourEpochs({ sabotage, ...options }) {
  const repair = await disturb(sabotage)
  const { model, optimizer, session, batch } = await open(options)
  const groups = countCalls(globalThis.GPUDevice.prototype, 'createBindGroup')
  const copies = countCalls(globalThis.GPUCommandEncoder.prototype, 'copyBufferToBuffer')
  const found = { losses: [], evaluations: [], replays: [], copies: [] }
  const evaluate = async () => found.evaluations.push((await session.evalStep(...batch(4))).loss)
  for (let step = 0; step < 24; step++) {
    optimizer.paramGroups[0].lr = 0.05 / (1 + Math.floor(step / 6))
    const before = groups.count
    copies.count = 0
    found.losses.push((await session.trainStep(...batch([4, 4, 4, 4, 4, 3][step % 6]))).loss)
    if (groups.count === before) {
      found.replays.push(step)
      found.copies.push(copies.count)
    }
    if (step % 5 === 4) await evaluate()
    if (step === 13) await session.snapshot()
    if (step === 19) await session.restore()
  }
  await session.pull()
  found.warnings = session.warnings
  // The snapshot, though many replays came after it.
  await session.restore()
  await evaluate()
  found.parameters = [...model.parameters()].map(({ tensor }) => Array.from(tensor.data))
  found.momentum = [...optimizer.state.values()].map(({ momentum_buffer: { data } }) => Array.from(data))
  await session.close()
  for (const counter of [groups, copies]) counter.stop()
  repair()
  return found
}

/** Makes recording fail, or what is recorded compute something else. */
async function disturb(sabotage) {
  const { InferenceSession, env } = await import('/lib/ort-webgpu.js')
  const { create } = InferenceSession
  InferenceSession.create = async (model, options) => {
    if (options.enableGraphCapture && sabotage === 'refused') throw new Error('no graph capture today')
    const session = await create.call(InferenceSession, model, options)
    if (!options.enableGraphCapture || sabotage !== 'wrong') return session
    const device = await env.webgpu.device
    return {
      run: async (...args) => {
        const results = await session.run(...args)
        const [state] = Object.values(results).slice(-1)
        device.queue.writeBuffer(state.gpuBuffer, 0, Float32Array.of(7))
        return results
      },
      release: () => session.release(),
    }
  }
  return () => (InferenceSession.create = create)
}

/**
 * Tensors on the device after 59 and after 299 steps, and at the end; how often one was disposed of twice; buffers that the last
 * hundred steps made and didn't destroy. Each tenth batch is smaller.
 */
export async function threeHundredSteps(options) {
  const { InferenceSession, Tensor } = await import('/lib/ort-webgpu.js')
  const tensors = countTensors(InferenceSession.prototype, Tensor.prototype)
  const made = countCalls(globalThis.GPUDevice.prototype, 'createBuffer')
  const destroyed = countCalls(globalThis.GPUBuffer.prototype, 'destroy')
  const { session, batch } = await open(options)
  const found = { live: {} }
  let before = 0
  for (let step = 1; step <= 300; step++) {
    await session.trainStep(...batch(step % 10 === 0 ? 3 : 4))
    if (step % 50 === 49) await session.snapshot()
    if (step % 75 === 0) await session.evalStep(...batch(4))
    if (step % 100 === 0) await session.pull()
    if (step % 120 === 0) await session.restore()
    if (step === 59 || step === 299) found.live[step] = tensors.live.size
    if (step === 200) before = made.count - destroyed.count
  }
  found.kept = made.count - destroyed.count - before
  await session.close()
  found.live.end = tensors.live.size
  found.twice = tensors.twice
  for (const counter of [tensors, made, destroyed]) counter.stop()
  return found
}

/** What a step and a pull throw after the device was lost between replays, and whether the session can be closed then. */
export async function loseDevice() {
  const { session, batch } = await open()
  for (let step = 0; step < 12; step++) await session.trainStep(...batch(4))
  await session.loseDevice()
  const errors = []
  for (const work of [() => session.trainStep(...batch(4)), () => session.pull()]) {
    errors.push(
      await work().then(
        () => 'none',
        ({ name }) => name,
      ),
    )
  }
  await session.close()
  return errors
}

function countCalls(prototype, name) {
  const original = prototype[name]
  const counter = { count: 0, stop: () => (prototype[name] = original) }
  prototype[name] = function (...args) {
    counter.count++
    return original.apply(this, args)
  }
  return counter
}

/** Tensors on the device that runs gave and that weren't disposed of. */
function countTensors(session, tensor) {
  const [{ run }, { dispose }] = [session, tensor]
  const stop = () => Object.assign(session, { run }) && Object.assign(tensor, { dispose })
  const counter = { live: new Set(), twice: 0, stop }
  session.run = async function (...args) {
    const results = await run.apply(this, args)
    for (const result of Object.values(results))
      if (result.location === 'gpu-buffer') counter.live.add(result)
    return results
  }
  tensor.dispose = function () {
    if (!counter.live.delete(this)) counter.twice++
    dispose.call(this)
  }
  return counter
}
