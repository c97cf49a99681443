// A worker that draws captions, which only pages can: it posts what came of that.
globalThis.library = await import('/lib/index.js')
const { drawCaptions } = await import('./refused.js')
globalThis.postMessage(await drawCaptions())
