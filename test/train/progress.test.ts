import { describe, expect, it } from 'vitest'

import { AbortError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import type { ProgressBar } from '../../src/platform/platform.ts'
import type { TrainEvent } from '../../src/train/events.ts'
import { progressReporter } from '../../src/train/progress.ts'

/** Records what is shown: lines, and calls of the bar in brackets. */
function record() {
  const shown: string[] = []
  const bar: ProgressBar = {
    start: (total, label) => shown.push(`[start ${total} ${label}]`),
    update: (value, detail) => shown.push(`[${value} ${detail}]`),
    stop: () => shown.push('[stop]'),
  }
  return { shown, bar, print: (line: string) => shown.push(line) }
}

const noBar: ProgressBar = { start: () => undefined, update: () => undefined, stop: () => undefined }

function* epochOf(epoch: number, accuracy: number, isBest: boolean): Generator<TrainEvent> {
  const train = { loss: 0.61234, accuracy: 0.67213 }
  const val = { loss: 0.5, accuracy }
  const results = { loss: 9, outputs: Tensor.zeros([1, 2]), labels: Tensor.zeros([1], 'int32') }
  for (const batch of [0, 1]) {
    yield { type: 'batch', epoch, phase: 'train', batch, batches: 2, ...results, running: train }
  }
  yield { type: 'phase', epoch, phase: 'train', metrics: train }
  yield { type: 'batch', epoch, phase: 'val', batch: 0, batches: 1, ...results, running: val }
  yield { type: 'phase', epoch, phase: 'val', metrics: val }
  yield { type: 'epoch', metrics: { epoch, train, val, learningRates: [0.1], seconds: 1 }, isBest }
}

describe('progressReporter', () => {
  it('prints the lines of the tutorial', () => {
    const { shown, print } = record()
    const { report, stop } = progressReporter({ numEpochs: 2, print, bar: noBar })
    report({ type: 'start', device: 'cpu', deviceReason: 'it was asked for', numEpochs: 2 })
    ;[...epochOf(0, 0.954248, true), ...epochOf(1, 0.9, false)].forEach(report)
    stop()
    expect(shown).toEqual([
      'Training on cpu: it was asked for',
      'Epoch 0/1',
      '----------',
      'train Loss: 0.6123 Acc: 0.6721',
      'val Loss: 0.5000 Acc: 0.9542',
      '',
      'Epoch 1/1',
      '----------',
      'train Loss: 0.6123 Acc: 0.6721',
      'val Loss: 0.5000 Acc: 0.9000',
      '',
      'Training complete in 0m 0s',
      'Best val Acc: 0.954248',
    ])
  })

  it('draws a bar for each phase and takes it away before its line', () => {
    const { shown, print, bar } = record()
    const { report } = progressReporter({ numEpochs: 25, print, bar })
    ;[...epochOf(3, 0.9, true)].forEach(report)
    expect(shown).toEqual([
      'Epoch 3/24',
      '----------',
      '[start 2 Epoch 3/24 train]',
      '[1 loss 0.6123 acc 0.6721]',
      '[2 loss 0.6123 acc 0.6721]',
      '[stop]',
      'train Loss: 0.6123 Acc: 0.6721',
      '[start 1 Epoch 3/24 val  ]',
      '[1 loss 0.5000 acc 0.9000]',
      '[stop]',
      'val Loss: 0.5000 Acc: 0.9000',
      '',
    ])
  })

  it('says from where a run goes on, prints warnings, and knows the best of before', () => {
    const { shown, print } = record()
    const { report } = progressReporter({ numEpochs: 2, print, bar: noBar })
    const [best] = [...epochOf(0, 0.95, true)].flatMap((event) =>
      event.type === 'epoch' ? [event.metrics] : [],
    )
    const resumed = { path: 'run/c.safetensors', epoch: 1, step: 9, history: [best!], bestEpoch: 0 }
    report({ type: 'start', device: 'cpu', deviceReason: 'it was asked for', numEpochs: 2, resumed })
    report({ type: 'warning', message: 'the disk is full' })
    report({ type: 'checkpoint', path: 'run/d.safetensors', epoch: 1, step: 10 })
    // Stopped before its validation: there is no training batch any more.
    const events = [...epochOf(1, 0.9, false)]
    events.slice(2).forEach(report)
    expect(shown).toEqual([
      'Training on cpu: it was asked for',
      'Resuming from run/c.safetensors (epochs finished: 1, training steps: 9)',
      'Warning: the disk is full',
      'Epoch 1/1',
      '----------',
      'train Loss: 0.6123 Acc: 0.6721',
      'val Loss: 0.5000 Acc: 0.9000',
      '',
      'Training complete in 0m 0s',
      'Best val Acc: 0.950000',
    ])
  })

  it('takes the bar away when a run is aborted in the middle of a phase', () => {
    const { shown, print, bar } = record()
    const { report, stop } = progressReporter({ numEpochs: 25, print, bar })
    const abort = () => {
      try {
        for (const event of epochOf(0, 0.9, true)) {
          report(event)
          throw new AbortError('training was aborted')
        }
      } finally {
        stop()
      }
    }
    expect(abort).toThrow(AbortError)
    expect(shown.at(-1)).toBe('[stop]')
  })

  it('lets training go on where nothing can be written', () => {
    const broken = () => {
      throw new Error('EPIPE')
    }
    const { report, stop } = progressReporter({
      numEpochs: 1,
      print: broken,
      bar: { start: broken, update: broken, stop: broken },
    })
    expect(() => {
      ;[...epochOf(0, 0.9, true)].forEach(report)
      stop()
    }).not.toThrow()
  })

  it('says the training accuracy where there is no validation', () => {
    const { shown, print } = record()
    const { report } = progressReporter({ numEpochs: 1, print, bar: noBar })
    const train = { loss: 0.5, accuracy: 0.75 }
    report({ type: 'epoch', metrics: { epoch: 0, train, learningRates: [], seconds: 1 }, isBest: true })
    expect(shown.at(-1)).toBe('Best train Acc: 0.750000')
  })
})
