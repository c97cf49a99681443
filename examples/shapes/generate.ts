import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { ArgumentError, Generator } from 'onnx-finetune'

import { writeJpeg } from './jpeg.ts'
import type { Subject } from './parts.ts'
import { paintPicture } from './picture.ts'
import { antsAndBees, type Subjects } from './subjects.ts'

/** Options of {@link generateShapes}. */
export interface GenerateShapesOptions {
  /** What to draw. Default: ants and bees. */
  readonly subjects?: Subjects | undefined
  /** The folder to fill; made if it isn't there. */
  readonly directory: string
  /** The same seed gives the same bytes. Default: 0. */
  readonly seed?: number | undefined
  /** Training pictures of each class. Default: 120. */
  readonly trainPerClass?: number | undefined
  /** Validation pictures of each class. Default: 40. */
  readonly valPerClass?: number | undefined
  /** Height and width in pixels, a multiple of 8. Default: 96. */
  readonly size?: number | undefined
  /** Stops the drawing. */
  readonly signal?: AbortSignal | undefined
}

const quality = 88
/** Pictures drawn between two turns of the event loop; their files are written side by side. */
const atOnce = 8

/**
 * Writes a small data set of drawn pictures, unless told otherwise of ants and bees, as JPEG files, laid out as
 * `ImageFolder` reads them and as the tutorial's data is: `train/ants`, `train/bees`, `val/ants`, `val/bees`. It stands
 * in where that can't be had.
 *
 * @returns The paths of all pictures, training first.
 * @throws {@link ArgumentError} for a size or a count that isn't a whole number in range.
 */
export async function generateShapes(options: GenerateShapesOptions): Promise<string[]> {
  const { directory, subjects = antsAndBees, seed = 0, trainPerClass = 120, valPerClass = 40 } = options
  const { size = 96, signal } = options
  checkCount('trainPerClass', trainPerClass, 1, 100_000)
  checkCount('valPerClass', valPerClass, 1, 100_000)
  checkCount('size / 8', size / 8, 4, 128)
  const generator = new Generator(seed)
  const paths: string[] = []
  for (const [split, count] of Object.entries({ train: trainPerClass, val: valPerClass })) {
    for (const [folder, subject] of Object.entries(subjects)) {
      await mkdir(join(directory, split, folder), { recursive: true })
      const name = (index: number) => `${folder}-${String(index).padStart(3, '0')}.jpg`
      const files = Array.from({ length: count }, (_, index) => join(directory, split, folder, name(index)))
      for (let first = 0; first < count; first += atOnce) {
        signal?.throwIfAborted()
        const batch = files.slice(first, first + atOnce)
        await Promise.all(batch.map((path) => writeFile(path, drawJpeg(subject, size, generator.split()))))
      }
      paths.push(...files)
    }
  }
  return paths
}

function drawJpeg(subject: Subject, size: number, generator: Generator): Uint8Array {
  return writeJpeg(paintPicture(subject, size, generator).toBytes(), size, quality)
}

function checkCount(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return
  throw new ArgumentError(`${name} is ${value}, but must be a whole number from ${low} to ${high}`)
}
