/**
 * Compiles kernels/*.as (AssemblyScript; an ending of their own, since they are no TypeScript) to WebAssembly, into
 * src/vision/kernels/wasm.ts as base64: `node scripts/build-kernels.js`. With `--check`, only says whether that file is
 * up to date.
 */
import { Buffer } from 'node:buffer'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { URL } from 'node:url'
import asc from 'assemblyscript/asc'

const folder = new URL('../kernels/', import.meta.url)
const target = new URL('../src/vision/kernels/wasm.ts', import.meta.url)
const flags = '--enable simd -O3 --noAssert --runtime stub --initialMemory 1'.split(' ')

/** The source of the generated module. */
export async function buildKernels() {
  let binary
  const { error, stderr } = await asc.main(['resize.ts', 'normalize.ts', ...flags, '--outFile', 'out.wasm'], {
    readFile: (name) => {
      const url = new URL(name.replace(/\.ts$/, '.as'), folder)
      return existsSync(url) ? readFileSync(url, 'utf8') : null
    },
    writeFile: (_, contents) => void (binary = contents),
    listFiles: () => [],
  })
  if (error) throw new Error(stderr.toString(), { cause: error })
  const base64 = Buffer.from(binary).toString('base64')
  return `/** Made of kernels/*.as by scripts/build-kernels.js: WebAssembly as base64. */\n// prettier-ignore\nexport const kernels =\n  '${base64}'\n`
}

if (import.meta.filename === process.argv[1]) {
  const source = await buildKernels()
  if (!process.argv.includes('--check')) writeFileSync(target, source)
  else if (readFileSync(target, 'utf8') !== source) {
    throw new Error(
      'src/vision/kernels/wasm.ts is not what kernels/*.as make: run node scripts/build-kernels.js',
    )
  }
}
