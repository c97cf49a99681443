import { ArgumentError } from '../core/errors.ts'

/**
 * When a run is saved and how much is kept. A checkpoint holds everything that the run needs to go on with the same numbers:
 * weights, optimizer, scheduler, random generators, the place in the epoch, the history, and the best epoch's weights.
 */
export interface CheckpointOptions {
  /** The folder; made if it isn't there. Each run has its own. */
  readonly directory: string
  /** Training steps, counted over all epochs, between two checkpoints. Default: none within an epoch. */
  readonly everySteps?: number | undefined
  /** Epochs between two. The last epoch gets one in any case. Default: 1. */
  readonly everyEpochs?: number | undefined
  /** How many of the newest to keep, ≥ 1: with 2, one is left where the newest is damaged. Default: 2. */
  readonly keepLast?: number | undefined
  /** How many of the best epochs' to keep beside them. Every checkpoint has the best epoch's weights in any case. Default: 0. */
  readonly keepBest?: number | undefined
}

/** The options with their defaults. */
export interface CheckpointPolicy {
  readonly everySteps: number
  readonly everyEpochs: number
  readonly keepLast: number
  readonly keepBest: number
}

/** @throws {@link ArgumentError} for counts that are no integers in range. */
export function policyOf(options: CheckpointOptions): CheckpointPolicy {
  const { directory, everySteps = Infinity, everyEpochs = 1, keepLast = 2, keepBest = 0 } = options
  if (typeof directory !== 'string' || directory === '') {
    throw new ArgumentError(`checkpoint.directory must be a folder's path, not ${JSON.stringify(directory)}`)
  }
  for (const [name, value] of Object.entries({ everySteps, everyEpochs, keepLast, keepBest })) {
    const low = name === 'keepBest' ? 0 : 1
    if (value === Infinity || (Number.isInteger(value) && value >= low)) continue
    throw new ArgumentError(`checkpoint.${name} must be an integer ≥ ${low}, not ${value}`)
  }
  return { everySteps, everyEpochs, keepLast, keepBest }
}
