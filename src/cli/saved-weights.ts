import { joinPath, listDirectory, readFile } from '#platform'

import { FileSystemError } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { inspectFile } from '../io/inspect.ts'
import { readStateDict } from '../io/read-state-dict.ts'
import { decodeCheckpoint, type ReadCheckpoint } from '../train/checkpoint-content.ts'
import { CheckpointFolder } from '../train/checkpoint-folder.ts'
import { directoryStore } from '../train/checkpoint-store.ts'
import { fromHuggingFace, isHuggingFaceResNet } from '../vision/models/foreign-keys.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import { UsageError } from './fail.ts'
import { checkpointsIn, hasFile, readRunFile } from './run-file.ts'

/** Weights that were found, with what is known of them. */
export interface SavedWeights {
  readonly weights: ReadonlyMap<string, Tensor>
  readonly classes?: readonly string[] | undefined
  readonly preprocessing?: Preprocessing | undefined
}

/**
 * The weights in a run's folder, a folder of checkpoints, a checkpoint, or a `.pth` or `.safetensors` file.
 *
 * @param last - Of a checkpoint the weights of the last step, in place of the best epoch's.
 */
export async function readSavedWeights(source: string, last: boolean): Promise<SavedWeights> {
  if (await isFolder(source)) {
    if (await hasFile(source, /\.index\.json$/)) return { weights: await readWeights(source) }
    return readFolder(source, last)
  }
  const { format, classes, preprocessing, provenance } = await inspectFile(source)
  if (format === 'onnx') {
    throw new UsageError(
      `${source} is exported already: give the weights or the checkpoint that it was made from`,
    )
  }
  if (provenance.format?.startsWith('onnx-finetune-checkpoint')) {
    const checkpoint = await decodeCheckpoint(await readFile(source), source)
    return { ...partOf(checkpoint, last), ...(await toldBy(joinPath(source, '..', '..'))) }
  }
  return { weights: await readWeights(source), classes, preprocessing }
}

async function readFolder(folder: string, last: boolean): Promise<SavedWeights> {
  const isRun = await hasFile(folder, 'run.json')
  const store = directoryStore(isRun ? checkpointsIn(folder) : folder)
  const opened = await CheckpointFolder.open(store)
  const checkpoint = await opened.newest((message) => {
    console.error(`Warning: ${message}`)
  })
  if (!checkpoint) throw new UsageError(`there is no checkpoint in ${store.path('')}`)
  return { ...partOf(checkpoint, last), ...(await toldBy(isRun ? folder : joinPath(folder, '..'))) }
}

function partOf({ best, model, run }: ReadCheckpoint, last: boolean): SavedWeights {
  return { weights: last ? model : (best ?? model), classes: run.data.train?.classes }
}

/** What a run's folder says of its models. */
async function toldBy(folder: string): Promise<Partial<SavedWeights>> {
  const run = await readRunFile(folder)
  return run ? { classes: run.classes, preprocessing: run.preprocessing } : {}
}

async function readWeights(source: string): Promise<ReadonlyMap<string, Tensor>> {
  const weights = await readStateDict(source)
  return isHuggingFaceResNet(weights) ? fromHuggingFace(weights) : weights
}

async function isFolder(path: string): Promise<boolean> {
  try {
    await listDirectory(path)
    return true
  } catch (error) {
    if (error instanceof FileSystemError) return false
    throw error
  }
}
