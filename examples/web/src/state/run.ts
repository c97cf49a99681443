/** The training that is under way, or was last. */
import { computed, effect, signal } from '@preact/signals'

import type { Picture } from '../data/picture.ts'
import type { Judgement } from '../library/outputs.ts'
import { keep, readKept } from '../storage/kept.ts'
import type { Settings } from './settings.ts'

export type Phase = 'idle' | 'preparing' | 'training' | 'pausing' | 'paused' | 'stopping' | 'saving'

/** One point of the curves; what isn't known there is `null`. */
export interface CurvePoint {
  /** In epochs. */
  readonly x: number
  readonly batchLoss: number | null
  readonly batchAccuracy: number | null
  readonly trainLoss: number | null
  readonly trainAccuracy: number | null
  readonly valLoss: number | null
  readonly valAccuracy: number | null
}

/** How far it is. */
export interface Progress {
  readonly epoch: number
  readonly epochs: number
  readonly phase: 'train' | 'val'
  /** Of everything, 0 … 1. */
  readonly share: number
  readonly picturesPerSecond: number
  /** `undefined` as long as it can't be told. */
  readonly secondsLeft: number | undefined
}

/** A finished epoch. */
export interface EpochRow {
  readonly epoch: number
  readonly trainLoss: number
  readonly trainAccuracy: number
  readonly valLoss: number
  readonly valAccuracy: number
  readonly isBest: boolean
  readonly seconds: number
}

/** What the network thinks of the validation pictures after an epoch. */
export interface Review {
  readonly epoch: number
  readonly isBest: boolean
  readonly classes: readonly string[]
  readonly pictures: readonly Picture[]
  readonly judgements: readonly Judgement[]
}

/** What is kept of a run, to go on with it after a reload. */
export interface KeptRun {
  readonly id: string
  readonly settings: Settings
  readonly dataKey: string
  readonly isFinished: boolean
}

export const phase = signal<Phase>('idle')
export const progress = signal<Progress | undefined>(undefined)
export const device = signal<{ readonly name: string; readonly reason: string } | undefined>(undefined)
/** How many epochs there will be. */
export const plannedEpochs = signal(1)
export const review = signal<Review | undefined>(undefined)
/** That of the best epoch, whose model is kept. */
export const bestReview = signal<Review | undefined>(undefined)
/** What a screen reader is told: once an epoch, not with each batch. */
export const announcement = signal('')
/** What just happened, in a few words. */
export const status = signal('')

const key = 'onnx-finetune.run'
export const keptRun = signal<KeptRun | undefined>(readKept(key) as KeptRun | undefined)

const rowsKey = 'onnx-finetune.epochs'
/** The epochs of the run that was last, also after a reload. */
export const epochRows = signal((readKept(rowsKey) as readonly EpochRow[] | undefined) ?? [])
export const curve = signal<readonly CurvePoint[]>(epochRows.peek().map(pointOf))
plannedEpochs.value = Number(keptRun.peek()?.settings.epochs ?? 10)

effect(() => {
  keep(rowsKey, epochRows.value)
})

/** Keeps a run for the next visit. */
export function keepRun(run: KeptRun | undefined): void {
  keptRun.value = run
  keep(key, run)
}

export const isBusy = computed(() => phase.value !== 'idle')

export const best = computed(() => epochRows.value.findLast(({ isBest }) => isBest))

/** An epoch in the curves. */
export function pointOf({ epoch, trainLoss, trainAccuracy, valLoss, valAccuracy }: EpochRow): CurvePoint {
  return {
    x: epoch + 1,
    batchLoss: null,
    batchAccuracy: null,
    trainLoss,
    trainAccuracy,
    valLoss,
    valAccuracy,
  }
}
