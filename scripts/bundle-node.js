/**
 * The package for Node in few files, in dist/node/, by esbuild: Node takes half a millisecond or more to find and link each
 * module. What tsc made in dist/, a module a file, is for the browser's bundlers.
 */
import { build } from 'esbuild'

await build({
  // Workers are found beside the module that starts them: see src/platform/node-worker-entry.ts.
  entryPoints: [
    'src/index.ts',
    'src/cli/cli.ts',
    'src/platform/node-engine-worker.ts',
    'src/vision/loader-worker.ts',
  ],
  entryNames: '[name]',
  outdir: 'dist/node',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  conditions: ['onnx-finetune-source'],
  sourcemap: true,
  sourcesContent: false,
})
