import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { onTestFinished } from 'vitest'

/** What an example printed, and the folder that it was given. */
export interface ExampleRun {
  readonly output: string
  readonly folder: string
}

/** Examples train networks: well under half a minute on two idle cores, and tests share theirs. */
export const exampleTimeout = 180_000

/** Flags for programs whose workers import TypeScript. */
export const source = ['--conditions=onnx-finetune-source']

/**
 * Runs `examples/<name>/main.ts <options> <folder>` on the built package, in a folder that is removed after the test. Fails
 * if it fails.
 */
export function runExample(name: string, ...options: string[]): Promise<ExampleRun> {
  return runExampleWith([], name, ...options)
}

/** The same, with flags for Node. */
export async function runExampleWith(
  flags: readonly string[],
  name: string,
  ...options: string[]
): Promise<ExampleRun> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`))
  onTestFinished(() => rm(folder, { recursive: true }))
  const main = fileURLToPath(new URL(`../../examples/${name}/main.ts`, import.meta.url))
  const timeout = exampleTimeout - 10_000
  const args = [...flags, '--import', 'tsx', main, ...options, folder]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout })
  return { output: stdout, folder }
}

/** The numbers after `label` in an example's output, in order. */
export function numbersAfter(label: string, output: string): number[] {
  return [...output.matchAll(new RegExp(`${label} ([-\\d.]+)`, 'g'))].map(([, number]) => Number(number))
}
