import { FileFormatError, OnnxFinetuneError, throwIfAborted } from '../core/errors.ts'
import { sizeOf } from '../core/shape.ts'
import { Tensor } from '../core/tensor.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import { bytesOfInput, nameOfInput } from './file-input.ts'
import { otherMetadata, readMetadata, type ClassifierInfo } from './onnx-metadata.ts'
import type { OnnxValue } from './onnx-read.ts'
import { readPth } from './pth.ts'
import type { PthValue } from './pth-value.ts'
import { decodeSafetensors } from './safetensors-decode.ts'

/** A tensor in a file. */
export interface TensorDescription {
  /** In a nested checkpoint with the keys above it: `model.fc.weight`. */
  readonly name: string
  /** PyTorch's name. Of a `.pth` file, what it is read as: float16 and bfloat16 are float32 then. */
  readonly dtype: string
  readonly shape: readonly number[]
}

/** What {@link inspectFile} finds. */
export interface FileInspection {
  readonly format: 'pth' | 'safetensors' | 'onnx'
  /** Of the file, in bytes. */
  readonly size: number
  /** In the file's order. */
  readonly tensors: readonly TensorDescription[]
  /** Elements of all tensors. */
  readonly elementCount: number
  /** Names of the classes, where the file says them. */
  readonly classes?: readonly string[] | undefined
  /** What is done to pictures, where the file says it. */
  readonly preprocessing?: Preprocessing | undefined
  /** What else the file says of itself: who wrote it, metadata, or the numbers and texts beside a checkpoint's tensors. */
  readonly provenance: Readonly<Record<string, string>>
  /** Of a `.onnx` file. */
  readonly graph?: GraphDescription | undefined
}

/** A model's outside. */
export interface GraphDescription {
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly nodeCount: number
  /** Version of the operator set by domain; ONNX's own is `''`. */
  readonly opsets: Readonly<Record<string, number>>
  /** Whether it takes pictures as they are. */
  readonly isPreprocessingInGraph: boolean
  /** Files beside it that hold its weights. */
  readonly externalFiles: readonly string[]
}

/** Options of {@link inspectFile}. */
export interface InspectOptions {
  /** Stops the reading. */
  readonly signal?: AbortSignal | undefined
}

/**
 * What a `.pth`, `.safetensors` or `.onnx` file holds, recognised by its content whatever its name. Nothing in it is run.
 *
 * @param file - A path, a `File` or the file's bytes.
 * @throws {@link FileFormatError} if it is of another format or damaged.
 * @throws {@link FileSystemError} if it can't be read.
 *
 * @example
 * ```ts
 * import { inspectFile } from 'onnx-finetune'
 *
 * const { format, tensors, classes } = await inspectFile('model.onnx')
 * console.log(format, classes, tensors.length)
 * ```
 */
export async function inspectFile(
  file: string | Uint8Array | Blob,
  { signal }: InspectOptions = {},
): Promise<FileInspection> {
  const source = nameOfInput(file, 'the file')
  throwIfAborted(signal, `reading ${source}`)
  const bytes = await bytesOfInput(file, source, signal)
  const isPth = (bytes[0] === 0x50 && bytes[1] === 0x4b) || bytes[0] === 0x80
  const isSafetensors = bytes[8] === 0x7b && bytes.subarray(4, 8).every((byte) => byte === 0)
  const found = isSafetensors
    ? inspectSafetensors(bytes, source)
    : isPth
      ? describePth(await readPth(bytes, { signal, source }))
      : await inspectOnnx(bytes, source)
  const elementCount = found.tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  return { ...found, size: bytes.length, elementCount }
}

type Found = Omit<FileInspection, 'size' | 'elementCount'>

function inspectSafetensors(bytes: Uint8Array, source: string): Found {
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true))
  // The file is whole: its own element types can be taken from the header as it is.
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<
    string,
    { readonly dtype: string }
  >
  const texts = new Map(Object.entries(metadata))
  return {
    format: 'safetensors',
    tensors: Array.from(tensors, ([name, { shape }]) => ({
      name,
      dtype: nameOf(header[name]!.dtype),
      shape,
    })),
    ...described(texts, source),
  }
}

async function inspectOnnx(bytes: Uint8Array, source: string): Promise<Found> {
  const summary = await readSummary(bytes, source)
  const { metadata, producerName, producerVersion, weights, opsets, ...rest } = summary
  const { isPreprocessingInGraph, provenance, ...info } = described(metadata, source)
  const { inputs, outputs, nodeCount, externalFiles } = rest
  return {
    format: 'onnx',
    tensors: weights.map(({ name, dtype, shape }) => ({ name, dtype: nameOf(dtype), shape })),
    ...info,
    provenance: { producer: `${producerName} ${producerVersion}`.trim(), ...provenance },
    graph: {
      inputs,
      outputs,
      nodeCount,
      opsets: Object.fromEntries(opsets),
      isPreprocessingInGraph: isPreprocessingInGraph ?? false,
      externalFiles,
    },
  }
}

async function readSummary(bytes: Uint8Array, source: string) {
  const { readOnnx } = await import('./onnx-read.ts')
  try {
    return readOnnx(bytes, source)
  } catch (cause) {
    const reason = (cause as Error).message
    throw new FileFormatError(`${source} is no .pth and no .safetensors file, and ${reason}`, { cause })
  }
}

/** Metadata that aren't ours are shown as they are. */
function described(
  metadata: ReadonlyMap<string, string>,
  source: string,
): Partial<ClassifierInfo> & Pick<Found, 'provenance'> {
  try {
    const { classes, preprocessing, isPreprocessingInGraph, libraryVersion } = readMetadata(metadata, source)
    const library = libraryVersion === undefined ? {} : { library: `onnx-finetune ${libraryVersion}` }
    const provenance = { ...library, ...otherMetadata(metadata) }
    return { classes, preprocessing, isPreprocessingInGraph, provenance }
  } catch (error) {
    if (!(error instanceof OnnxFinetuneError)) throw error
    return { provenance: Object.fromEntries(metadata) }
  }
}

function describePth(value: PthValue): Found {
  const tensors: TensorDescription[] = []
  const provenance: Record<string, string> = {}
  const visit = (item: PthValue, name: string): void => {
    if (item instanceof Tensor) tensors.push({ name, dtype: item.dtype, shape: item.shape })
    else if (item instanceof Map) {
      for (const [key, child] of item as ReadonlyMap<unknown, PthValue>)
        visit(child, joined(name, String(key)))
    } else if (Array.isArray(item)) {
      for (const [index, child] of (item as readonly PthValue[]).entries())
        visit(child, joined(name, String(index)))
    } else if (typeof item !== 'object') provenance[name] = String(item)
  }
  visit(value, '')
  return { format: 'pth', tensors, provenance }
}

const joined = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`)

/** PyTorch's names of element types, by those of the formats. */
const dtypeNames: Readonly<Record<string, string>> = {
  ...{ F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16', I64: 'int64', I32: 'int32' },
  ...{ I16: 'int16', I8: 'int8', U8: 'uint8', BOOL: 'bool', FLOAT: 'float32', DOUBLE: 'float64' },
}

const nameOf = (dtype: string): string => dtypeNames[dtype] ?? dtype.toLowerCase()
