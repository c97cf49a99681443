import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Contender } from './contender.ts'
import type { Settings } from './protocol.ts'

/** Ours, and the peers by the names that the report shows. */
export const names = [
  'ours',
  'PyTorch',
  'PyTorch tuned',
  'jax-js',
  'tfjs cpu',
  'tfjs wasm',
  'tfjs-node',
] as const
export type Name = (typeof names)[number]

/** The two settings of PyTorch: a target is a ratio to the faster of them. */
export const pytorch = ['PyTorch', 'PyTorch tuned'] as const satisfies readonly Name[]
export const others = ['jax-js', 'tfjs cpu', 'tfjs wasm', 'tfjs-node'] as const satisfies readonly Name[]

/** glibc's allocator with huge pages, and memory that it keeps: PyTorch's step spends less time in fresh pages. */
const keepsMemory = {
  GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  MALLOC_MMAP_THRESHOLD_: '4294967295',
  MALLOC_TRIM_THRESHOLD_: '4294967295',
  MALLOC_TOP_PAD_: '268435456',
}

/** Whoever runs the benchmark may have held OpenBLAS, which PyTorch multiplies matrices with, to an old processor. */
const ownChoiceOfKernels = { OPENBLAS_CORETYPE: undefined, OPENBLAS_L2_SIZE: undefined }

/** All contenders that might be there: whether they are is seen when they are asked. */
export function makeContenders(out: string, python: string, settings: Settings): Record<Name, Contender> {
  const module = (path: string, more: Partial<Settings> = {}) => ({
    file: process.execPath,
    args: [join(out, 'serve.js'), path, JSON.stringify({ ...settings, ...more })],
  })
  const peer = (file: string, backend?: string) =>
    module(fileURLToPath(new URL(`peers/${file}`, import.meta.url)), { backend })
  const torch = (env: NodeJS.ProcessEnv) => ({
    file: python,
    args: [fileURLToPath(new URL('pytorch.py', import.meta.url)), JSON.stringify(settings)],
    env: { ...ownChoiceOfKernels, ...env },
  })
  const commands = {
    ours: module(join(out, 'ours/ours.js')),
    PyTorch: torch({}),
    'PyTorch tuned': torch(keepsMemory),
    'jax-js': peer('jax.js'),
    'tfjs cpu': peer('tfjs.js', 'cpu'),
    'tfjs wasm': peer('tfjs.js', 'wasm'),
    'tfjs-node': peer('tfjs.js', 'node'),
  }
  return Object.fromEntries(
    Object.entries(commands).map(([name, command]) => [name, new Contender(name, command)]),
  ) as Record<Name, Contender>
}

/** Why the peers of `bench/peers` can't be asked, if they can't. */
export function whyPeersAreMissing(): string | undefined {
  const folder = new URL('peers/node_modules/', import.meta.url)
  return existsSync(folder) ? undefined : 'not installed: npm run bench:peers'
}
