import { rasterizeSvg, writeFile } from '#platform'

import { ArgumentError, throwIfAborted } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import type { Module } from '../nn/module.ts'
import { TrainingSession } from '../runtime/training-session.ts'
import { captionedGrid, type CaptionedPicture } from '../vision/captioned-grid.ts'
import { denormalize, type ChannelStatistics } from '../vision/denormalize.ts'
import { toPicture } from '../vision/to-picture.ts'
import type { BatchSource } from './loop-types.ts'
import type { PredictOptions } from './predict.ts'
import { argmaxRows } from './running-metrics.ts'

/** Options of {@link visualizeModel}. */
export interface VisualizeOptions extends PredictOptions, Partial<ChannelStatistics> {
  /** Names of the classes: `imageFolder.classes`. */
  readonly classes: readonly string[]
  /** How many pictures. Default: 6. */
  readonly numImages?: number | undefined
  /** Pictures in a row. Default: 3. */
  readonly columns?: number | undefined
  /** Where to write the pictures as one PNG file. */
  readonly path?: string | undefined
}

/** A picture that the model was shown. */
export interface VisualizedImage {
  readonly predicted: string
  readonly actual: string
  /** The predicted class's softmax, 0 … 1. */
  readonly probability: number
  readonly isRight: boolean
}

/** Result of {@link visualizeModel}. */
export interface Visualization {
  readonly images: readonly VisualizedImage[]
  /** The pictures with their captions; a browser shows it as it is. */
  readonly svg: string
}

const right = { mark: '✓', color: '#1a7f37' }
const wrong = { mark: '✗', color: '#cf222e' }

/**
 * The tutorial's `visualize_model`: the first pictures of `dataloader` with the class that the model predicts and the
 * true one; right ones are green with a tick, wrong ones red with a cross.
 *
 * `mean` and `std` are those of `Normalize` in the loader's transforms; without them pixels are taken as 0 … 1.
 *
 * @throws {@link ArgumentError} for a count below 1 or a label without a class name, {@link FileSystemError} if
 * `path` can't be written, {@link RuntimeError} if a package that draws text as PNG is not installed.
 * @see https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html#visualizing-the-model-predictions
 */
export async function visualizeModel(
  model: Module,
  dataloader: BatchSource,
  options: VisualizeOptions,
): Promise<Visualization> {
  const { numImages = 6, columns = 3, path } = options
  if (!Number.isInteger(numImages) || numImages < 1) {
    throw new ArgumentError(`numImages must be an integer of at least 1, not ${numImages}`)
  }
  const seen = await lookAt(model, dataloader, numImages, options)
  const svg = captionedGrid(seen.map(captioned), { columns })
  if (path !== undefined) await writeFile(path, await rasterizeSvg(svg))
  return { images: seen.map(({ visualized }) => visualized), svg }
}

interface Seen {
  readonly image: Tensor
  readonly visualized: VisualizedImage
}

async function lookAt(
  model: Module,
  dataloader: BatchSource,
  count: number,
  options: VisualizeOptions,
): Promise<Seen[]> {
  await using session = await TrainingSession.create(model, options)
  const seen: Seen[] = []
  for await (const { inputs, labels } of dataloader) {
    throwIfAborted(options.signal, 'the visualization')
    const logits = await session.predict(inputs)
    const images = restored(inputs, options)
    const predicted = argmaxRows(logits)
    for (let row = 0; row < predicted.length && seen.length < count; row++) {
      const label = Number(labels.data[row])
      const visualized = {
        predicted: nameOf(predicted[row]!, options.classes),
        actual: nameOf(label, options.classes),
        probability: probabilityOf(logits, row, predicted[row]!),
        isRight: predicted[row] === label,
      }
      seen.push({ image: rowOf(images, row), visualized })
    }
    if (seen.length === count) break
  }
  return seen
}

function captioned({ image, visualized }: Seen): CaptionedPicture {
  const { isRight, predicted, actual, probability } = visualized
  const { mark, color } = isRight ? right : wrong
  const caption = [`${mark} predicted: ${predicted} (${Math.round(probability * 100)} %)`, `true: ${actual}`]
  return { picture: toPicture(image), caption, color }
}

function restored(inputs: Tensor, { mean, std }: Partial<ChannelStatistics>): Tensor {
  const channels = inputs.shape[1] ?? 0
  return denormalize(inputs, {
    mean: mean ?? Array<number>(channels).fill(0),
    std: std ?? Array<number>(channels).fill(1),
  })
}

function rowOf(images: Tensor, row: number): Tensor {
  const shape = images.shape.slice(1)
  const size = shape.reduce((a, b) => a * b, 1)
  return new Tensor(
    'float32',
    (images.data as Float32Array<ArrayBuffer>).subarray(row * size, (row + 1) * size),
    shape,
  )
}

function nameOf(index: number, classes: readonly string[]): string {
  const name = classes[index]
  if (name !== undefined) return name
  throw new ArgumentError(
    `there is no name for class ${index}: classes has ${classes.length} (${classes.join(', ')}), give one for each output of the model`,
  )
}

/** Softmax of one logit in its row. */
function probabilityOf(logits: Tensor, row: number, index: number): number {
  const classes = logits.shape[1]!
  const values = (logits.data as Float32Array).subarray(row * classes, (row + 1) * classes)
  const sum = values.reduce((total, value) => total + Math.exp(value - values[index]!), 0)
  return 1 / sum
}
