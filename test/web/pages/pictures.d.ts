import type { Library } from '../support/library.ts'

/** What came of a training. */
export interface Found {
  readonly device: string
  readonly reason: string
  readonly losses: readonly number[]
  readonly accuracy: number
  readonly warnings: readonly string[]
  /** That the page may use. */
  readonly processors: number
  /** The scripts of workers that were loaded, as far as the browser tells. */
  readonly workers: readonly string[]
  /** When each began, in ms since the training did, and how long it took. */
  readonly longTasks: readonly (readonly [began: number, duration: number])[]
}

export function trainPictures(options: {
  /** Default: the page's. */
  readonly library?: Library
  /** Where the pictures are. Default: on the page's server. */
  readonly folder?: string
  readonly device: string
  /** Default: `linear`. */
  readonly network?: 'linear' | 'resnet18'
  readonly numEpochs?: number
  readonly numWorkers?: number
}): Promise<Found>
