/** One picture file to one sample: on the caller's thread for `ImageFolder.get`, in a loader worker for its job. */
import { fileStamp, readFile, readFileNow, readMounted, stampOf, type MountedFile } from '#platform'

import { ArgumentError, DataError, OnnxFinetuneError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import { Tensor } from '../core/tensor.ts'
import type { Allocate, Sample } from '../data/dataset.ts'
import { openPictureCache, type PictureStore } from './cache/picture-cache.ts'
import { decodeImageAsync, type DecodeOptions } from './decode.ts'
import { contiguous, picture, type Picture } from './picture.ts'
import { Compose } from './transforms/compose.ts'
import { describeInput, isPicture } from './transforms/input.ts'
import { transformFromSpec, type TransformSpec } from './transforms/spec.ts'
import { applyTransform, type TransformInput, type TransformLike } from './transforms/transform.ts'

/** A picture file, and how it is read. */
export interface ImageSource {
  readonly path: string
  /** A file that has its path on the caller's thread only. */
  readonly mounted?: MountedFile | undefined
  readonly decode: Pick<DecodeOptions, 'codec' | 'maxPixels'>
  /** Where the decoded picture is kept, and its index there. */
  readonly cached?: { readonly store: PictureStore; readonly index: number } | undefined
}

/** What a loader worker needs to make a sample: plain data. */
export interface ImagePayload {
  readonly source: ImageSource
  readonly transform: TransformSpec | undefined
  /** The sample's label; `'kind'` if the caller's thread knows it and will go on: see {@link kindOf}. */
  readonly label: number | 'kind'
}

/** Reads, decodes and transforms one picture in a loader worker: the handler `'image'`. */
export async function loadImageSample(
  payload: unknown,
  generator: Generator,
  allocate?: Allocate,
): Promise<Sample> {
  const { source, transform: spec, label } = payload as ImagePayload
  const transform = spec && (await transformFromSpec(spec))
  const output = await loadImage(source, transform, generator, allocate)
  return { input: toTensor(output, source.path), label: label === 'kind' ? kindOf(output) : label }
}

/** Reads and decodes a picture, and applies `transform`. Every error names the path. */
export async function loadImage(
  source: ImageSource,
  transform: TransformLike | undefined,
  generator: Generator,
  allocate?: Allocate,
): Promise<TransformInput> {
  const decoded = await readPicture(source)
  return transform ? transformNamed(source.path, transform, decoded, generator, allocate) : decoded
}

async function readPicture(source: ImageSource): Promise<Picture> {
  const { path, mounted, decode, cached } = source
  const read = async () => decodeImageAsync(await bytesOf(source), { ...decode, source: path })
  if (!cached) return read()
  const cache = openPictureCache(cached.store)
  // Before the file is read: if it changes meanwhile, its next stamp is another.
  const stamp = mounted ? stampOf(mounted) : await fileStamp(path)
  const known = cache.get(cached.index, stamp)
  if (known) return known
  const decoded = await read()
  cache.put(cached.index, stamp, decoded)
  return decoded
}

async function bytesOf({ path, mounted }: ImageSource): Promise<Uint8Array> {
  if (mounted) return readMounted(mounted, path)
  return readFileNow(path) ?? readFile(path)
}

/** Applies `transform`; what it throws becomes the cause of an error that names the picture. */
export async function transformNamed(
  path: string,
  transform: TransformLike,
  input: TransformInput,
  generator: Generator,
  allocate?: Allocate,
): Promise<TransformInput> {
  try {
    // Of a subclass `forward` may be another's.
    if (transform.constructor === Compose)
      return await (transform as Compose).forwardInto(input, generator, allocate)
    return await applyTransform(transform, input, generator)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const hint = error instanceof OnnxFinetuneError ? '' : ` (${error.name})`
    throw new DataError(`the transform failed on ${path}${hint}: ${error.message}`, { cause: error })
  }
}

/**
 * A sample's input. A picture that no `ToTensor` has made a tensor becomes a uint8 tensor `[H, W, C]`.
 *
 * @throws {@link ArgumentError} if a transform gave neither.
 */
export function toTensor(output: TransformInput, path: string): Tensor {
  if (output instanceof Tensor) return output
  if (isPicture(output)) return new Tensor('uint8', contiguous(output), [...output.shape])
  throw new ArgumentError(
    `the transform made ${describeInput(output)} of ${path}: it must give a picture or a tensor (does a function lack its return?)`,
  )
}

const pictureKind = 1

/**
 * Whether a picture or a tensor crosses the border of a worker, in the place of the label: a picture arrives
 * as a uint8 tensor, and the transforms that remain must get a picture again.
 */
function kindOf(output: TransformInput): number {
  return output instanceof Tensor ? 0 : pictureKind
}

/** What a worker's output was before it crossed. */
export function fromWorker({ input, label: kind }: Sample): TransformInput {
  if (kind !== pictureKind) return input
  const [height, width, channels] = input.shape as [number, number, number]
  return picture(height, width, channels, (input as Tensor<'uint8'>).data)
}
