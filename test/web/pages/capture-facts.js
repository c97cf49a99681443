/**
 * What onnxruntime-web's graph capture gives with a model `y = x + x`, a list of bytes: the doubles of 1, of 2 in the same buffer, and of
 * 5 in another one, without the id of another graph and with.
 */
export async function otherBuffers(model) {
  const ort = await import('/lib/ort-webgpu.js')
  const at = (name) =>
    new URL(`/lib/onnxruntime-web/ort-wasm-simd-threaded.asyncify.${name}`, location.href).href
  ort.env.wasm.wasmPaths = { mjs: at('mjs'), wasm: at('wasm') }
  const create = (options) =>
    ort.InferenceSession.create(Uint8Array.from(model), { executionProviders: ['webgpu'], ...options })
  const session = await create({ enableGraphCapture: true })
  const maker = await create({ preferredOutputLocation: 'gpu-buffer' })
  const device = await ort.env.webgpu.device
  const [y] = session.outputNames
  const four = (value) => new Float32Array(4).fill(value)
  const onDevice = async (value) =>
    (await maker.run({ x: new ort.Tensor('float32', four(value / 2), [4]) }))[y]
  const first = async (x, options = {}) => (await (await session.run({ x }, options))[y].getData())[0]
  const [x, other] = [await onDevice(1), await onDevice(5)]
  const found = [await first(x)]
  device.queue.writeBuffer(x.gpuBuffer, 0, four(2))
  found.push(await first(x))
  return [...found, await first(other), await first(other, { extra: { gpu_graph_id: '2' } })]
}
