/** From a training's events to what the page shows, at most a few times a second. */
import type { TrainEvent } from 'onnx-finetune'

import type { Picture } from '../data/picture.ts'
import { judge, type Judgement } from '../library/outputs.ts'
import { counted } from './counted.ts'
import { notify } from './notices.ts'
import { Pace } from './pace.ts'
import {
  announcement,
  curve,
  device,
  bestReview,
  epochRows,
  pointOf,
  plannedEpochs,
  progress,
  review,
  status,
  type CurvePoint,
  type EpochRow,
  type Progress,
} from './run.ts'

const nothing = {
  batchLoss: null,
  batchAccuracy: null,
  trainLoss: null,
  trainAccuracy: null,
  valLoss: null,
  valAccuracy: null,
}

/** How often the page is changed, in ms. */
const between = 300
/** How often a screen reader is told of an epoch, in ms: short ones would never let it finish a sentence. */
const betweenAnnouncements = 10_000
/** Weight of the newest batch in the curve of the batches. */
const smoothing = 0.15

const building = 'Building the training graph: the first batch takes longer than the others.'

/** Follows one training. */
export class RunFollower {
  readonly #pace = new Pace()
  #classes: readonly string[] = []
  #pictures: readonly Picture[] = []
  #judgements: Judgement[] = []
  #points: CurvePoint[] = []
  #smooth: { loss: number; accuracy: number } | undefined
  #epochs = 1
  #shown = 0
  #announced = -Infinity

  /** What the outputs are about. */
  setData(classes: readonly string[], pictures: readonly Picture[], trainCount: number): void {
    this.#classes = classes
    this.#pictures = pictures
    this.#pace.setCounts({ train: trainCount, val: pictures.length })
  }

  /** While it pauses no time passes. */
  interrupted(): void {
    this.#pace.interrupt()
  }

  /** Takes an event in. */
  take(event: TrainEvent): void {
    if (event.type === 'start') this.#start(event)
    else if (event.type === 'batch') this.#batch(event)
    else if (event.type === 'epoch') this.#epoch(event)
    else if (event.type === 'phase') this.#pace.interrupt()
    else if (event.type === 'warning') notify('warning', event.message)
    else status.value = `Saved after ${counted(event.step, 'step')}: a reload goes on from there.`
  }

  #start({
    device: name,
    deviceReason: reason,
    numEpochs,
    resumed,
  }: Extract<TrainEvent, { type: 'start' }>): void {
    device.value = { name, reason }
    this.#epochs = plannedEpochs.value = numEpochs
    const history = resumed?.history ?? []
    let top = -1
    epochRows.value = history.map((metrics) => {
      const isBest = (metrics.val ?? metrics.train).accuracy > top
      if (isBest) top = (metrics.val ?? metrics.train).accuracy
      return rowOf(metrics, isBest)
    })
    this.#points = epochRows.value.map(pointOf)
    curve.value = [...this.#points]
    status.value = resumed
      ? `Goes on after ${counted(resumed.epoch, 'epoch')} and ${counted(resumed.step, 'step')}.`
      : building
    this.#pace.interrupt()
  }

  #batch(event: Extract<TrainEvent, { type: 'batch' }>): void {
    const judgements = judge(event.outputs, event.labels, event.phase === 'val' ? this.#judgements.length : 0)
    this.#pace.count(event.phase, judgements.length)
    if (status.value === building) status.value = ''
    if (event.phase === 'val') this.#judgements.push(...judgements)
    else this.#trainPoint(event, judgements)
    if (performance.now() - this.#shown < between) return
    this.#shown = performance.now()
    const share = (event.batch + 1) / event.batches
    progress.value = this.#progress(event.epoch, event.phase, share)
    curve.value = [...this.#points]
  }

  #trainPoint(
    { epoch, batch, batches, loss }: Extract<TrainEvent, { type: 'batch' }>,
    judgements: Judgement[],
  ): void {
    const right = judgements.filter(({ label, predicted }) => label === predicted).length
    const accuracy = right / judgements.length
    const before = this.#smooth ?? { loss, accuracy }
    this.#smooth = {
      loss: before.loss + smoothing * (loss - before.loss),
      accuracy: before.accuracy + smoothing * (accuracy - before.accuracy),
    }
    // Some hundred points are all that can be seen.
    const step = Math.max(1, Math.floor((batches * this.#epochs) / 600))
    if (batch % step !== 0) return
    const { loss: batchLoss, accuracy: batchAccuracy } = this.#smooth
    this.#points.push({ ...nothing, x: epoch + (batch + 1) / batches, batchLoss, batchAccuracy })
  }

  #epoch({ metrics, isBest }: Extract<TrainEvent, { type: 'epoch' }>): void {
    const row = rowOf(metrics, isBest)
    const { epoch } = metrics
    if (this.#points.at(-1)?.x === epoch + 1) this.#points.push({ ...this.#points.pop()!, ...pointOf(row) })
    else this.#points.push(pointOf(row))
    epochRows.value = [...epochRows.value, row]
    curve.value = [...this.#points]
    review.value = {
      epoch,
      isBest,
      classes: this.#classes,
      pictures: this.#pictures,
      judgements: this.#judgements,
    }
    if (isBest) bestReview.value = review.value
    this.#judgements = []
    progress.value = this.#progress(epoch, 'val', 1)
    this.#pace.interrupt()
    if (performance.now() - this.#announced < betweenAnnouncements) return
    this.#announced = performance.now()
    announcement.value = `Epoch ${epoch + 1} of ${this.#epochs}: ${percent(row.valAccuracy)} of the validation pictures right.`
  }

  #progress(epoch: number, phase: 'train' | 'val', done: number): Progress {
    const { share, secondsLeft } = this.#pace.estimate(epoch, this.#epochs, phase, done)
    return {
      epoch,
      epochs: this.#epochs,
      phase,
      share,
      picturesPerSecond: this.#pace.picturesPerSecond,
      secondsLeft,
    }
  }
}

/** 0.957 → 96 %. */
export function percent(share: number): string {
  return `${Math.round(100 * share)}\u00a0%`
}

function rowOf(metrics: Extract<TrainEvent, { type: 'epoch' }>['metrics'], isBest: boolean): EpochRow {
  const { epoch, train, val = train, seconds } = metrics
  return {
    epoch,
    trainLoss: train.loss,
    trainAccuracy: train.accuracy,
    valLoss: val.loss,
    valAccuracy: val.accuracy,
    isBest,
    seconds,
  }
}
