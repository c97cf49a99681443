import { nextTurn } from '#platform'

import { asyncDispose } from '../core/async-dispose.ts'
import { ArgumentError, RuntimeError, throwIfAborted } from '../core/errors.ts'
import { Generator } from '../core/generator.ts'
import { Tensor } from '../core/tensor.ts'
import type { OnnxClassifier } from '../io/onnx-classifier.ts'
import type { Inference } from '../runtime/inference.ts'
import { contiguous, picture, sizeOfPicture, type Picture } from '../vision/picture.ts'
import { preprocessingTransforms, type Preprocessing } from '../vision/preprocessing.ts'
import { readImage, type ImageInput } from './image-input.ts'

/** What a classifier thinks of a class. */
export interface Prediction {
  readonly label: string
  /** Of the class, from 0. */
  readonly index: number
  /** 0 to 1; those of all classes add up to 1. */
  readonly probability: number
}

/** Options of {@link Predictor.predict} and {@link Predictor.predictBatch}. */
export interface PredictorOptions {
  /** How many classes are given back. Default: all. */
  readonly topK?: number | undefined
  /** Stops before the next picture with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link Predictor.predictBatch}. */
export interface PredictBatchOptions extends PredictorOptions {
  /** Pictures in one run, at most: each takes memory for all its layers. Default: 16. */
  readonly batchSize?: number | undefined
}

/**
 * A classifier of pictures, ready to use: {@link loadClassifier} makes it of a `.onnx` file. It runs in a worker, so the
 * caller's thread isn't held up; close it after use.
 */
export class Predictor {
  readonly #transform: ReturnType<typeof preprocessingTransforms>

  /** @internal */
  constructor(
    private readonly spec: OnnxClassifier,
    private readonly inference: Inference,
  ) {
    this.#transform = preprocessingTransforms(spec.preprocessing)
  }

  /** Names of the classes, in the order of the model's outputs. */
  get classes(): readonly string[] {
    return this.spec.classes
  }

  /** What is done to pictures before the model sees them. */
  get preprocessing(): Preprocessing {
    return this.spec.preprocessing
  }

  /** Where it runs. */
  get device(): string {
    return this.inference.device
  }

  /**
   * What is in a picture: the classes, the most probable first.
   *
   * @param image - A path (in a browser a URL), the bytes of a JPEG or PNG file, a `Picture` or `ImageData`.
   * @throws {@link ImageError} if it can't be decoded, {@link FileSystemError} if it can't be read.
   * @throws {@link ArgumentError} for what is no picture, or a `topK` that is no whole number ≥ 1.
   *
   * @example
   * ```ts
   * import { loadClassifier } from 'onnx-finetune'
   *
   * await using classifier = await loadClassifier('model.onnx')
   * const [best] = await classifier.predict('bee.jpg')
   * best?.label          // 'bees'
   * best?.probability    // 0.98
   * ```
   */
  async predict(image: ImageInput, options: PredictorOptions = {}): Promise<Prediction[]> {
    const [first] = await this.predictBatch([image], options)
    return first!
  }

  /** {@link predict} for several pictures, in their order; they are run together where the model takes that. */
  async predictBatch(
    images: readonly ImageInput[],
    { topK, signal, batchSize = 16 }: PredictBatchOptions = {},
  ): Promise<Prediction[][]> {
    checkWhole('topK', topK)
    checkWhole('batchSize', batchSize)
    const together = this.spec.isBatchDynamic ? batchSize : 1
    const predictions: Prediction[][] = []
    for (let first = 0; first < images.length; first += together) {
      const pictures: Picture[] = []
      for (const image of images.slice(first, first + together)) {
        throwIfAborted(signal, 'the prediction')
        pictures.push(await readImage(image, signal))
        await nextTurn()
      }
      const probabilities = await this.#probabilities(await this.#inputsOf(pictures), pictures.length)
      predictions.push(...probabilities.map((row) => this.#ranked(row, topK)))
    }
    return predictions
  }

  /** Runs the model once on nothing in particular: the first run takes longer than those after it. */
  async warmUp(batchSize = 1): Promise<void> {
    const { cropSize } = this.spec.preprocessing
    const blank = picture(cropSize, cropSize, 3)
    const images = Array.from({ length: batchSize }, () => blank)
    await this.predictBatch(images, { batchSize })
  }

  /** Releases the model and its worker. May be called again. */
  close(): Promise<void> {
    return this.inference.close()
  }

  [asyncDispose](): Promise<void> {
    return this.close()
  }

  async #inputsOf(pictures: readonly Picture[]): Promise<Tensor> {
    if (this.spec.inputKind === 'picture') {
      const [image] = pictures
      return new Tensor('uint8', contiguous(image!).slice(), sizeOfPicture(image!))
    }
    const tensors: Tensor[] = []
    for (const image of pictures) {
      // A preprocessing draws no random numbers.
      tensors.push((await this.#transform.forward(image, new Generator())) as Tensor)
      await nextTurn()
    }
    return stacked(tensors)
  }

  async #probabilities(inputs: Tensor, count: number): Promise<Float32Array[]> {
    const { inputName, outputName, isLogits, classes } = this.spec
    const outputs = await this.inference.run({ [inputName]: inputs })
    const output = outputs.get(outputName)
    if (!(output?.data instanceof Float32Array) || output.size !== count * classes.length) {
      throw new RuntimeError(
        `the model's output ${outputName} is ${output?.toString().slice(0, 200) ?? 'missing'}; expected float32 ` +
          `[${count}, ${classes.length}]: its file and its class names don't belong together`,
      )
    }
    const values = output.data
    return Array.from({ length: count }, (_, row) => {
      const part = values.subarray(row * classes.length, (row + 1) * classes.length)
      return isLogits ? softmax(part) : part
    })
  }

  #ranked(probabilities: Float32Array, topK = this.classes.length): Prediction[] {
    return Array.from(probabilities, (probability, index) => ({
      label: this.classes[index]!,
      index,
      probability,
    }))
      .sort((a, b) => b.probability - a.probability || a.index - b.index)
      .slice(0, topK)
  }
}

/** Tensors of one shape, one after the other. */
function stacked(tensors: readonly Tensor[]): Tensor {
  const { shape, size } = tensors[0]!
  const batch = Tensor.zeros([tensors.length, ...shape])
  tensors.forEach(({ data }, index) => {
    batch.data.set(data as Float32Array, index * size)
  })
  return batch
}

/** e^x / Σ e^x; the largest is taken off first, so that nothing overflows. */
function softmax(logits: Float32Array): Float32Array {
  const largest = logits.reduce((max, value) => Math.max(max, value), -Infinity)
  const powers = Float64Array.from(logits, (value) => Math.exp(value - largest))
  const sum = powers.reduce((total, value) => total + value, 0)
  return Float32Array.from(powers, (value) => value / sum)
}

function checkWhole(name: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 1)) return
  throw new ArgumentError(`${name} must be a whole number ≥ 1, not ${String(value)}`)
}
