import { ArgumentError, FileFormatError } from '../core/errors.ts'
import { weightsInfo, weightsMetadata, type WeightsInfo } from './weights-info.ts'

/**
 * What a classifier's `.onnx` file says of itself, in its `metadata_props`:
 *
 * | key | value |
 * | --- | --- |
 * | `classes` | JSON: the names of the classes, in the order of the outputs |
 * | `preprocessing` | JSON: a `Preprocessing`, what is done to a picture before |
 * | `preprocessing_in_graph` | `true` where the graph itself does that, else `false` |
 * | `onnx_finetune_version` | this library's |
 */
export interface ClassifierInfo extends WeightsInfo {
  readonly isPreprocessingInGraph: boolean
}

const inGraph = 'preprocessing_in_graph'
const ownKeys: readonly string[] = ['classes', 'preprocessing', inGraph, 'onnx_finetune_version']

/** Metadata as texts by key; `extra` are the caller's own. Throws {@link ArgumentError} where they would hide ours. */
export function writeMetadata(
  { classes, preprocessing, isPreprocessingInGraph }: ClassifierInfo,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const taken = Object.keys(extra).find((key) => ownKeys.includes(key))
  if (taken !== undefined) {
    throw new ArgumentError(
      `metadata can't have the key '${taken}', which the file keeps for itself: choose another`,
    )
  }
  const entries = Object.entries(weightsMetadata({ classes, preprocessing }))
  const own = entries.filter(([key]) => ownKeys.includes(key))
  const flag = preprocessing ? { [inGraph]: String(isPreprocessingInGraph) } : {}
  return { ...Object.fromEntries(own), ...flag, ...extra }
}

/**
 * Reads what {@link writeMetadata} wrote.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} where a value isn't what it should be.
 */
export function readMetadata(metadata: ReadonlyMap<string, string>, source: string): ClassifierInfo {
  const info = readInfo(metadata, source)
  const { classes, preprocessing } = info
  if (classes?.length === 0) throw broken(source, 'classes is empty')
  if (preprocessing && ![1, 3].includes(preprocessing.mean.length)) {
    throw broken(source, `its preprocessing has ${preprocessing.mean.length} channels; pictures have 3`)
  }
  return { ...info, isPreprocessingInGraph: metadata.get(inGraph) === 'true' }
}

/** The texts beside ours. */
export function otherMetadata(metadata: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...metadata].filter(([key]) => !ownKeys.includes(key)))
}

function readInfo(metadata: ReadonlyMap<string, string>, source: string): WeightsInfo {
  try {
    return weightsInfo(Object.fromEntries(metadata))
  } catch (cause) {
    throw broken(source, (cause as Error).message.slice(0, 500), cause)
  }
}

function broken(source: string, how: string, cause?: unknown): FileFormatError {
  return new FileFormatError(
    `${source}: its metadata can't be used: ${how}. Export the model again, or pass { classes, preprocessing }.`,
    cause === undefined ? undefined : { cause },
  )
}
