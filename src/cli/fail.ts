import { CommanderError } from 'commander'

import { AbortError, ArgumentError, OnnxFinetuneError } from '../core/errors.ts'

/** How the process ends, for scripts. */
export const exitCodes = { ok: 0, failure: 1, usage: 2, interrupted: 130 } as const

/** A command that can't be done as it was given. */
export class UsageError extends ArgumentError {}

/** Stopped by the user; the message says how to go on. */
export class Interrupted extends AbortError {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message)
  }
}

/** Part of the work failed and was told of already. */
export class PartialFailure extends OnnxFinetuneError {}

/** The code that `error` ends the process with. */
export function exitCodeOf(error: unknown): number {
  // Commander throws for --help, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof Interrupted) return error.exitCode
  if (error instanceof AbortError) return exitCodes.interrupted
  return error instanceof ArgumentError ? exitCodes.usage : exitCodes.failure
}

/** Writes one line to standard error; with `verbose` where it came from, too. */
export function report(error: unknown, verbose: boolean): void {
  // It has written its own.
  if (error instanceof CommanderError) return
  const message = error instanceof Error ? error.message : String(error)
  const isExpected = error instanceof OnnxFinetuneError
  console.error(isExpected ? `error: ${message}` : `error, and not one that was expected: ${message}`)
  if (verbose) console.error(error)
  else if (!isExpected) console.error('Run it again with --verbose, and report what it says.')
}
