/**
 * The package for browsers, in dist/web/, by esbuild: a library in few files and two workers of one file each, with nothing
 * left to resolve, so that any bundler or none can take them. The npm packages that are built on are inside, and the
 * JavaScript half of onnxruntime-web; its `.wasm` files are found by src/platform/web-assets.ts.
 */
import { build } from 'esbuild'

/** workerpool asks for these where it runs in Node. */
const nodeOnly = {
  name: 'node-only',
  setup(build) {
    build.onResolve({ filter: /^(worker_threads|os|child_process|util|stream|zlib|assert|buffer)$/ }, ({ path }) => ({
      path,
      namespace: 'node-only',
    }))
    build.onLoad({ filter: /.*/, namespace: 'node-only' }, () => ({ contents: 'export default {}' }))
  },
}

const shared = {
  outdir: 'dist/web',
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // ONNX Runtime's build without its `.mjs` inside: its threads load that as a file of its own.
  conditions: ['onnx-finetune-source', 'onnxruntime-web-use-extern-wasm'],
  external: ['echarts', 'echarts/*'],
  loader: { '.wasm': 'binary' },
  plugins: [nodeOnly],
  minify: true,
  legalComments: 'linked',
  sourcemap: true,
  sourcesContent: false,
}

await build({ ...shared, entryPoints: ['src/index.ts'], splitting: true, chunkNames: 'chunk-[hash]' })
await build({
  ...shared,
  entryPoints: [
    { in: 'src/platform/web-engine-worker.ts', out: 'engine-worker' },
    { in: 'src/vision/loader-worker.ts', out: 'loader-worker' },
  ],
})
