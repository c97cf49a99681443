import { joinPath, listDirectory, makeDirectory, readFile, writeFile } from '#platform'

import { FileFormatError, FileSystemError } from '../core/errors.ts'
import { version } from '../core/version.ts'
import { count, fields, is, listOf, number, text } from '../train/check-json.ts'
import { checkPreprocessing, type Preprocessing } from '../vision/preprocessing.ts'
import type { Architecture } from './architecture.ts'

/** What a run was told: the options that decide on its numbers. */
export interface Recipe {
  readonly strategy: 'finetune' | 'head'
  readonly epochs: number
  readonly lr: number
  readonly batchSize: number
  readonly seed: number
  /** Share of each class that is split off for validation, where the folder has no parts. */
  readonly valSplit: number
}

/** What `run.json` keeps of a run, beside its checkpoints: all that is needed to make the same network and loaders again. */
export interface RunFile {
  readonly architecture: Architecture
  /** Where it started from. */
  readonly weights: string
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  readonly recipe: Recipe
}

const fileName = 'run.json'

/** Where the checkpoints of a run are. */
export const checkpointsIn = (out: string): string => joinPath(out, 'checkpoints')

export async function writeRunFile(out: string, run: RunFile): Promise<void> {
  await makeDirectory(out)
  await writeFile(joinPath(out, fileName), `${JSON.stringify({ library: version, ...run }, null, 2)}\n`)
}

/**
 * What `run.json` in the folder says; `undefined` where there is none.
 *
 * @throws {@link FileFormatError} if it's damaged.
 */
export async function readRunFile(out: string): Promise<RunFile | undefined> {
  if (!(await hasFile(out, fileName))) return undefined
  const path = joinPath(out, fileName)
  const bytes = await readFile(path)
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new FileFormatError(`${path} is no JSON: train anew in another folder`, { cause })
  }
  check(value, path)
  const run = value as RunFile
  checkPreprocessing(run.preprocessing, (what) => {
    throw new FileFormatError(`${path}: ${what}`)
  })
  return run
}

/** Whether a folder, that need not be there, has a file whose name `test` is or matches. */
export async function hasFile(folder: string, test: string | RegExp): Promise<boolean> {
  try {
    const entries = await listDirectory(folder)
    return entries.some(({ name }) => (typeof test === 'string' ? name === test : test.test(name)))
  } catch (error) {
    if (error instanceof FileSystemError) return false
    throw error
  }
}

const block = is('kind of block', (value) => value === 'basic' || value === 'bottleneck')
const strategy = is('strategy', (value) => value === 'finetune' || value === 'head')
const fourCounts = is('list of four counts', (value) => Array.isArray(value) && value.length === 4)
const check = fields({
  architecture: fields({
    block,
    layers: (value, where) => {
      listOf(count)(value, where)
      fourCounts(value, where)
    },
    width: count,
  }),
  weights: text,
  classes: listOf(text),
  recipe: fields({ strategy, epochs: count, lr: number, batchSize: count, seed: count, valSplit: number }),
})
