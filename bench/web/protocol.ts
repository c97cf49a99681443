/** What `npm run bench:web` and the pages that it measures say to each other. */

export type Work = 'frozen' | 'finetune'

/** One network, ResNet-18 with two classes, that trains on one batch of noise. */
export interface StepRequest {
  readonly backend: string
  readonly work: Work
  readonly batch: number
  /** Pixels a side. */
  readonly size: number
}

/** A page's global `contender`. */
export interface PageContender {
  /** Everything up to the first step: runtime, backend, model. */
  prepare(request: StepRequest): Promise<void>
  /** One training step, to the end of it: its loss. */
  step(): Promise<number>
}

declare global {
  var contender: PageContender
}
