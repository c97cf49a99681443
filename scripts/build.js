/**
 * Builds dist/: a module a file with declarations by tsc (what browser bundlers take), and for Node the same in few files
 * by esbuild, in dist/node/: Node takes half a millisecond or more to find and link each module.
 */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'

import { build } from 'esbuild'

rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
})
await build({
  // Workers are found beside the module that starts them: see src/platform/node-worker-entry.ts.
  entryPoints: ['src/index.ts', 'src/platform/node-engine-worker.ts', 'src/vision/loader-worker.ts'],
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
