import type { Library } from '../support/library.ts'

/** What came of a training. */
export interface Found {
  readonly device: string
  readonly reason: string
  readonly losses: readonly number[]
  readonly accuracy: number
  readonly warnings: readonly string[]
  /** When each began, in ms since the training did, and how long it took. */
  readonly longTasks: readonly (readonly [began: number, duration: number])[]
}

export function trainPictures(options: {
  /** Default: the page's. */
  readonly library?: Library
  /** Where the pictures are. Default: on the page's server. */
  readonly folder?: string
  readonly device: string
  readonly numEpochs?: number
  readonly numWorkers?: number
}): Promise<Found>
