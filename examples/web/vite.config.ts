import { fileURLToPath } from 'node:url'

import preact from '@preact/preset-vite'
import { defineConfig } from 'vite'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** With them WebAssembly has threads; without them the page works, on one. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

// eslint-disable-next-line import-x/no-default-export -- how Vite is configured
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Any folder of a server will do.
  base: './',
  plugins: [preact()],
  // The built package, as an application that has installed it would find it: `npm run build` makes it.
  resolve: { alias: { 'onnx-finetune': `${root}dist/web/index.js` } },
  worker: { format: 'es' },
  build: { target: 'es2022', chunkSizeWarningLimit: 1000 },
  server: { headers: isolation, fs: { allow: [root] } },
  preview: { headers: isolation },
})
