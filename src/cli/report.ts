import { joinPath } from '#platform'

import { OnnxFinetuneError } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import { DataLoader } from '../data/data-loader.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Device } from '../runtime/providers.ts'
import type { EpochMetrics } from '../train/events.ts'
import { saveCurves } from '../train/learning-curves.ts'
import { visualizeModel } from '../train/visualize-model.ts'
import type { ResNet } from '../vision/models/resnet.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'

/** What the pictures show. */
export interface Report {
  readonly model: ResNet
  readonly history: readonly EpochMetrics[]
  /** The validation pictures. */
  readonly data: Dataset
  readonly classes: readonly string[]
  readonly preprocessing: Preprocessing
  readonly device: Device | 'auto'
}

/** Writes learning curves and some pictures with predictions. The packages that draw are optional: without them it says so. */
export async function savePictures(out: string, report: Report): Promise<void> {
  await orSay(() => saveCurves(joinPath(out, 'curves.svg'), report.history))
  await orSay(() => saveCurves(joinPath(out, 'curves.png'), report.history))
  await orSay(() => savePredictions(joinPath(out, 'predictions.png'), report))
}

async function savePredictions(
  path: string,
  { model, data, classes, preprocessing, device }: Report,
): Promise<void> {
  const { mean, std } = preprocessing
  // In an order of their own, or all would be of the first class; the same pictures each time.
  await using loader = new DataLoader(data, { batchSize: 6, shuffle: true, generator: new Generator(0) })
  await visualizeModel(model, loader, { classes, mean, std, path, device })
}

async function orSay(draw: () => Promise<unknown>): Promise<void> {
  try {
    await draw()
  } catch (error) {
    if (!(error instanceof OnnxFinetuneError)) throw error
    console.error(`Warning: ${error.message}`)
  }
}
