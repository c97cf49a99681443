import { cp, mkdir, readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

import type { Command } from 'commander'

import { FileSystemError, RuntimeError } from '../core/errors.ts'
import { finish } from './flags.ts'

const ortFiles = ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.asyncify'].flatMap((name) => [
  `${name}.mjs`,
  `${name}.wasm`,
])

export function addWebAssets(program: Command): void {
  const command = program
    .command('web-assets')
    .description(
      'Copies what a web page loads into a folder: the library, its workers, ONNX Runtime. Vite and webpack do that by themselves.',
    )
    .argument('<directory>', 'where the bundle is, or a folder to name to setAssetsFolder')
    .action(async (directory: string) => {
      const files = await copyWebAssets(directory)
      console.log(`${files.length} files in ${directory}`)
    })
  finish(command, [
    ['web-assets dist', 'beside a bundle that esbuild or Rollup made in dist'],
    ['web-assets site/onnx-finetune', 'for a page that imports ./onnx-finetune/index.js, with no bundler'],
  ])
}

/** Copies the files and returns their names. */
async function copyWebAssets(directory: string): Promise<string[]> {
  const library = fileURLToPath(new URL(await libraryFolder(), import.meta.url))
  const names = (await readdir(library)).filter((name) => !name.endsWith('.map'))
  await mkdir(join(directory, 'onnxruntime-web'), { recursive: true })
  for (const name of names) await copy(join(library, name), join(directory, name))
  for (const name of ortFiles) {
    await copy(ortFile(name), join(directory, 'onnxruntime-web', name))
  }
  return [...names, ...ortFiles]
}

/** Beside the folder of this module's bundle; in this repository, where it was built. */
async function libraryFolder(): Promise<string> {
  const folder = import.meta.url.endsWith('.ts') ? '../../dist/web/' : '../web/'
  try {
    await readdir(new URL(folder, import.meta.url))
    return folder
  } catch (cause) {
    throw new FileSystemError('the package has no folder dist/web: reinstall it, or "npm run build"', {
      cause,
    })
  }
}

/** That of the project that asks, or else the one that this package finds. */
function ortFile(name: string): string {
  for (const from of [pathToFileURL(join(process.cwd(), 'package.json')), import.meta.url]) {
    try {
      return createRequire(from).resolve(`onnxruntime-web/${name}`)
    } catch {
      // The next one may have it.
    }
  }
  throw new RuntimeError(
    'onnxruntime-web is not installed here: run "npm install onnxruntime-web" and then this again',
  )
}

async function copy(from: string, to: string): Promise<void> {
  try {
    await cp(from, to)
  } catch (cause) {
    throw new FileSystemError(`can't copy ${from} to ${to}: check the folder's permissions and the disk`, {
      cause,
    })
  }
}
