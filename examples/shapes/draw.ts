import { ArgumentError, Generator } from 'onnx-finetune'

import { writeJpeg } from './jpeg.ts'
import { paintPicture } from './picture.ts'
import { antsAndBees, type Subjects } from './subjects.ts'

/** What is drawn. */
export interface DrawShapesOptions {
  /** What to draw. Default: ants and bees. */
  readonly subjects?: Subjects | undefined
  /** The same seed gives the same bytes. Default: 0. */
  readonly seed?: number | undefined
  /** Training pictures of each class. Default: 120. */
  readonly trainPerClass?: number | undefined
  /** Validation pictures of each class. Default: 40. */
  readonly valPerClass?: number | undefined
  /** Height and width in pixels, a multiple of 8. Default: 96. */
  readonly size?: number | undefined
}

/** A picture of the data set: where it belongs, and its JPEG file. */
export interface DrawnPicture {
  /** `train` or `val`. */
  readonly split: string
  readonly className: string
  /** Of the file. */
  readonly name: string
  /** Draws it. */
  readonly draw: () => Uint8Array<ArrayBuffer>
}

const quality = 88

/**
 * The pictures of the drawn data set, training first, each drawn when it is asked for, in any order: it needs no files and
 * so runs in a page too.
 *
 * @throws {@link ArgumentError} for a size or a count that isn't a whole number in range.
 */
export function* drawShapes(options: DrawShapesOptions = {}): globalThis.Generator<DrawnPicture> {
  const { subjects = antsAndBees, seed = 0, trainPerClass = 120, valPerClass = 40, size = 96 } = options
  checkCount('trainPerClass', trainPerClass, 1, 100_000)
  checkCount('valPerClass', valPerClass, 1, 100_000)
  checkCount('size / 8', size / 8, 4, 128)
  const generator = new Generator(seed)
  for (const [split, count] of Object.entries({ train: trainPerClass, val: valPerClass })) {
    for (const [className, subject] of Object.entries(subjects)) {
      for (let index = 0; index < count; index++) {
        const own = generator.split()
        const name = `${className}-${String(index).padStart(3, '0')}.jpg`
        const draw = () => writeJpeg(paintPicture(subject, size, own).toBytes(), size, quality)
        yield { split, className, name, draw }
      }
    }
  }
}

function checkCount(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return
  throw new ArgumentError(`${name} is ${value}, but must be a whole number from ${low} to ${high}`)
}
