import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = join(here, '../..')

/** Bundles the contenders' pages into `out`: each a page with nothing but itself. */
export async function buildPages(out: string, names: readonly string[]): Promise<void> {
  mkdirSync(out, { recursive: true })
  for (const name of names) {
    const source = ['ts', 'js'].map((ending) => join(here, 'pages', `${name}.${ending}`)).find(existsSync)
    await build({
      entryPoints: [source!],
      outfile: join(out, `${name}.js`),
      bundle: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      minify: true,
      logLevel: 'error',
      alias: { 'onnx-finetune': join(root, 'dist/web/index.js') },
      nodePaths: [join(root, 'bench/peers/node_modules')],
      external: ['echarts', 'echarts/*'],
    })
    writeFileSync(
      join(out, `${name}.html`),
      `<!doctype html><meta charset="utf-8"><title>${name}</title><script type="module" src="/${name}.js"></script>`,
    )
  }
}

/** What the test server serves: the pages, and the files that libraries load beside them. */
export const siteRoots = (out: string): Record<string, string> => ({
  '/': out,
  '/assets/': join(root, 'dist/web'),
  '/assets/onnxruntime-web/': join(root, 'node_modules/onnxruntime-web/dist'),
  '/tfjs/': join(root, 'bench/peers/node_modules/@tensorflow/tfjs-backend-wasm/dist'),
})
