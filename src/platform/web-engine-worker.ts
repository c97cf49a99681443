import { serveEngine } from '../runtime/serve-engine.ts'
import { setAssets, type Assets } from './web-assets.ts'

// The entry of the worker that hosts the engine. Its first message says where ONNX Runtime's files are.
const serve = serveEngine((message, transfer = []) => {
  globalThis.postMessage(message, { transfer: [...transfer] })
})
globalThis.addEventListener('message', ({ data }: MessageEvent<{ readonly assets?: Assets }>) => {
  if (data.assets) setAssets(data.assets)
  else void serve(data)
})
