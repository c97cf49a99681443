import { openProgressBar } from '#platform'

import type { ProgressBar } from '../platform/platform.ts'
import type { BatchEvent, EpochEvent, PhaseEvent, StartEvent, TrainEvent } from './events.ts'
import type { Metrics } from './running-metrics.ts'

/** Options of {@link progressReporter}. */
export interface ProgressOptions {
  readonly numEpochs: number
  /** Writes a line. Default: `console.log`. */
  readonly print?: ((line: string) => void) | undefined
  /** Drawn while a phase runs. Default: the terminal's, where it is interactive, else none. */
  readonly bar?: ProgressBar | undefined
}

/** Shows a training run. Neither function throws. */
export interface ProgressReporter {
  readonly report: (event: TrainEvent) => void
  /** Takes the bar away: to be called when the run ends, however it ends. */
  readonly stop: () => void
}

/**
 * Shows a run as the tutorial prints it: epoch, a line for each phase, and at the end the time and the best accuracy.
 * On an interactive terminal there is a bar, too, while a phase runs.
 */
export function progressReporter(options: ProgressOptions): ProgressReporter {
  const run = new Run(options.print ?? console.log, options.bar ?? openProgressBar(), options.numEpochs)
  // It is decoration: training goes on where there's nothing to write to.
  const quietly = (show: () => void) => {
    try {
      show()
    } catch {
      run.bar = undefined
    }
  }
  return {
    report: (event) => {
      quietly(() => {
        run.show(event)
      })
    },
    stop: () => {
      quietly(() => run.bar?.stop())
    },
  }
}

class Run {
  readonly #began = performance.now()
  #epoch: number | undefined
  #phase = ''
  #best: EpochEvent['metrics'] | undefined

  constructor(
    readonly print: (line: string) => void,
    public bar: ProgressBar | undefined,
    readonly numEpochs: number,
  ) {}

  show(event: TrainEvent): void {
    switch (event.type) {
      case 'start':
        this.#showStart(event)
        return
      case 'batch':
        this.#showBatch(event)
        return
      case 'phase':
        this.#showPhase(event)
        return
      case 'epoch':
        this.#showEpoch(event)
        return
      case 'warning':
        this.print(`Warning: ${event.message}`)
        return
      case 'checkpoint':
      // One line for each would hide the others.
    }
  }

  #showStart({ device, deviceReason, resumed }: StartEvent): void {
    this.print(`Training on ${device}: ${deviceReason}`)
    if (!resumed) return
    const { path, epoch, step, history, bestEpoch } = resumed
    this.print(`Resuming from ${path} (epochs finished: ${epoch}, training steps: ${step})`)
    if (bestEpoch !== undefined) this.#best = history[bestEpoch]
  }

  #showBatch({ epoch, phase, batch, batches, running }: BatchEvent): void {
    this.#beginEpoch(epoch)
    if (phase !== this.#phase) {
      this.bar?.start(batches, `Epoch ${epoch}/${this.numEpochs - 1} ${phase.padEnd(5)}`)
      this.#phase = phase
    }
    this.bar?.update(batch + 1, `loss ${running.loss.toFixed(4)} acc ${running.accuracy.toFixed(4)}`)
  }

  #beginEpoch(epoch: number): void {
    if (epoch === this.#epoch) return
    this.print(`Epoch ${epoch}/${this.numEpochs - 1}`)
    this.print('-'.repeat(10))
    this.#epoch = epoch
    this.#phase = ''
  }

  #showPhase({ epoch, phase, metrics }: PhaseEvent): void {
    this.#beginEpoch(epoch)
    this.bar?.stop()
    this.print(`${phase} Loss: ${metrics.loss.toFixed(4)} Acc: ${metrics.accuracy.toFixed(4)}`)
  }

  #showEpoch({ metrics, isBest }: EpochEvent): void {
    if (isBest) this.#best = metrics
    this.print('')
    if (metrics.epoch !== this.numEpochs - 1) return
    const seconds = Math.round((performance.now() - this.#began) / 1000)
    this.print(`Training complete in ${Math.floor(seconds / 60)}m ${seconds % 60}s`)
    if (this.#best) this.print(bestLine(this.#best))
  }
}

function bestLine({ train, val }: { readonly train: Metrics; readonly val?: Metrics }): string {
  return `Best ${val ? 'val' : 'train'} Acc: ${(val ?? train).accuracy.toFixed(6)}`
}
