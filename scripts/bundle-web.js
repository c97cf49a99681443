/**
 * The package for browsers, in dist/web/, by esbuild: a library in few files, and files that stand alone: two workers, and
 * the JavaScript interface of two builds of onnxruntime-web. Nothing is left to resolve, so any bundler or none can take
 * them; src/platform/web-assets.ts finds them and ONNX Runtime's WebAssembly. The npm packages that are built on are inside.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'

import { build } from 'esbuild'

/** workerpool asks for these where it runs in Node. */
const nodeOnly = {
  name: 'node-only',
  setup(build) {
    build.onResolve({ filter: /^(worker_threads|os|child_process)$/ }, ({ path }) => ({
      path,
      namespace: 'node-only',
    }))
    build.onLoad({ filter: /.*/, namespace: 'node-only' }, () => ({ contents: 'export default {}' }))
  },
}

// Chunks are named by their content: old ones would stay.
await rm('dist/web', { recursive: true, force: true })

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
  write: false,
  legalComments: 'linked',
  sourcemap: true,
  sourcesContent: false,
}

const library = await build({
  ...shared,
  entryPoints: ['src/index.ts'],
  splitting: true,
  chunkNames: 'chunk-[hash]',
})
const alone = await build({
  ...shared,
  entryPoints: [
    { in: 'src/platform/web-engine-worker.ts', out: 'engine-worker' },
    { in: 'src/vision/loader-worker.ts', out: 'loader-worker' },
    { in: 'onnxruntime-web/wasm', out: 'ort-wasm' },
    { in: 'onnxruntime-web/webgpu', out: 'ort-webgpu' },
  ],
})

/** By these comments, which minifying takes away, webpack and Vite leave an import of an address alone. */
const isForNobody = '/* webpackIgnore: true */ /* @vite-ignore */'

await mkdir('dist/web', { recursive: true })
for (const { path, text } of [...library.outputFiles, ...alone.outputFiles]) {
  const isCode = path.endsWith('.js')
  await writeFile(path, isCode ? text.replace(/\bimport\((?=[\w$]+\))/g, `import(${isForNobody}`) : text)
}
