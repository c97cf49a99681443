/**
 * Feeds damaged files to a reader: `mutations` makes them, `fuzz` judges what comes of each. A thousand for each reader run in every
 * test run; `FUZZ_CASES=20000 npx vitest run test/io` runs as many for each reader.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { Generator } from '../../src/core/generator.ts'
import { OnnxFinetuneError } from '../../src/core/errors.ts'
import { mutations } from './mutations.ts'

export { mutations } from './mutations.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** A file to damage. */
export interface FuzzSeed {
  readonly name: string
  /** What is damaged: the file, or the part that `wrap` puts into one. */
  readonly bytes: Uint8Array
  /** Makes a file around the damaged part, with its checksums right, so that damage reaches what lies behind them. */
  readonly wrap?: ((part: Uint8Array<ArrayBuffer>) => Uint8Array) | undefined
}

/** Options of {@link fuzz}. */
export interface FuzzOptions<T> {
  /** Damaged files in all, dealt out to the seeds in turn. Default: {@link fuzzCases}. */
  readonly cases?: number | undefined
  /** Of the generator. Default: 0. */
  readonly seed?: number | undefined
  /** Throws, or returns false, where `value` can't be a right answer to `file`. Default: any value is right. */
  readonly isRight?: ((value: T, seed: FuzzSeed, file: Uint8Array) => boolean) | undefined
  /** Errors that may be thrown. Default: this library's. */
  readonly isTyped?: ((error: unknown) => boolean) | undefined
  /** Bytes that reading a file of so many bytes may allocate. Default: 16 MiB and 16 times the file. */
  readonly mostBytes?: ((fileBytes: number) => number) | undefined
  /** Default: 2,000; generous, for a machine that does other things too. */
  readonly mostMilliseconds?: number | undefined
}

/** What came of it. */
export interface FuzzReport {
  readonly cases: number
  readonly read: number
  readonly refused: number
  readonly slowestMilliseconds: number
  /** The most that reading one file allocated. */
  readonly mostBytes: number
}

/** `FUZZ_CASES`, or what takes a few seconds. */
export const fuzzCases = Number(process.env.FUZZ_CASES ?? 1000)

/**
 * Reads damaged files and demands of each a right answer or a typed error, in bounded time and memory.
 *
 * @throws Error that names the seed and the number of the case, with the file's bytes as base64, at the first file of
 * which that isn't true.
 */
export async function fuzz<T>(
  seeds: readonly FuzzSeed[],
  read: (file: Uint8Array) => T | Promise<T>,
  options: FuzzOptions<T> = {},
): Promise<FuzzReport> {
  const { cases = fuzzCases, seed: start = 0, mostMilliseconds = 2000 } = options
  const mostBytes = options.mostBytes ?? ((fileBytes) => (16 << 20) + 16 * fileBytes)
  const sources = seeds.map(({ bytes }, index) => mutations(bytes, new Generator(start).fork(index)))
  const report = { cases, read: 0, refused: 0, slowestMilliseconds: 0, mostBytes: 0 }
  for (let index = 0; index < cases; index++) {
    const seed = seeds[index % seeds.length]!
    const part = sources[index % seeds.length]!.next().value
    const file = seed.wrap?.(part) ?? part
    const { isRefused, problem, milliseconds, bytes } = await judge(seed, file, read, options)
    report[isRefused ? 'refused' : 'read']++
    report.slowestMilliseconds = Math.max(report.slowestMilliseconds, milliseconds)
    report.mostBytes = Math.max(report.mostBytes, bytes)
    const fail = (what: string, cause?: unknown) =>
      new Error(
        `case ${index} of '${seed.name}' (seed ${start}, ${file.length} bytes) ${what}:\n` +
          Buffer.from(file).toString('base64'),
        { cause },
      )
    if (problem) throw fail(problem.text, problem.cause)
    if (milliseconds > mostMilliseconds) throw fail(`took ${milliseconds} ms`)
    if (bytes > mostBytes(file.length)) throw fail(`allocated ${bytes} bytes`)
  }
  return report
}

interface Judgement {
  readonly isRefused: boolean
  readonly problem?: { readonly text: string; readonly cause?: unknown } | undefined
  readonly milliseconds: number
  readonly bytes: number
}

async function judge<T>(
  seed: FuzzSeed,
  file: Uint8Array,
  read: (file: Uint8Array) => T | Promise<T>,
  { isRight = () => true, isTyped = (error) => error instanceof OnnxFinetuneError }: FuzzOptions<T>,
): Promise<Judgement> {
  collectLargeGarbage()
  const before = allocatedBytes()
  const began = performance.now()
  const measure = () => ({
    milliseconds: performance.now() - began,
    bytes: Math.max(0, allocatedBytes() - before),
  })
  let value: T
  try {
    value = await read(file)
  } catch (error) {
    const problem = isTyped(error) ? undefined : { text: `threw ${String(error)}`, cause: error }
    return { isRefused: true, problem, ...measure() }
  }
  const cost = measure()
  try {
    if (isRight(value, seed, file)) return { isRefused: false, ...cost }
    return { isRefused: false, problem: { text: 'was read wrongly' }, ...cost }
  } catch (cause) {
    return { isRefused: false, problem: { text: `was read wrongly: ${String(cause)}`, cause }, ...cost }
  }
}

/** Garbage of earlier files, collected while this one is read, would hide what it takes. */
function collectLargeGarbage(): void {
  if (process.memoryUsage().arrayBuffers > 8 << 20) collectGarbage()
}

/** What is allocated and not yet collected: between two looks it grows by what was asked for, unless garbage is collected. */
function allocatedBytes(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
