import { execFileSync } from 'node:child_process'
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Case, Measurement } from './case.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Runs npm quietly; it is a script of its own on Windows. */
function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: 'pipe',
  })
}

/** Bytes of all files below a folder. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => lstatSync(join(folder, name)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0)
}

/** Packs the package, and installs it with ONNX Runtime for the CPU in an empty project. */
function install(): Measurement {
  const folder = mkdtempSync(join(tmpdir(), 'bench-size-'))
  try {
    const [packed] = JSON.parse(
      npm(['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root),
    ) as {
      filename: string
      size: number
      unpackedSize: number
    }[]
    writeFileSync(join(folder, 'package.json'), '{ "private": true }')
    writeFileSync(join(folder, '.npmrc'), 'onnxruntime-node-install=skip\n')
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      peerDependencies: Record<string, string>
    }
    const runtime = `onnxruntime-node@${manifest.peerDependencies['onnxruntime-node']}`
    npm(['install', '--no-audit', '--no-fund', join(folder, packed!.filename), runtime], folder)
    const modules = join(folder, 'node_modules')
    return {
      value: sizeOf(modules) / 1e6,
      details: {
        packedMB: packed!.size / 1e6,
        unpackedMB: packed!.unpackedSize / 1e6,
        onnxruntimeNodeMB: sizeOf(join(modules, 'onnxruntime-node')) / 1e6,
      },
    }
  } catch (error) {
    return { absent: `npm could not install it: ${(error as Error).message.split('\n')[0]}` }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export const sizeCases: readonly Case[] = [
  {
    name: 'size',
    title: 'size of a fresh install with onnxruntime-node',
    unit: 'MB',
    contenders: ['ours'],
    mostRounds: 1,
    // eslint-disable-next-line @typescript-eslint/require-await -- npm is waited for.
    measure: async () => install(),
  },
]
