import { FileFormatError } from '../core/errors.ts'
import { formatShape, sizeOf } from '../core/shape.ts'
import { fieldsOf, notOnnx, numbersOf, textOf, type WireField } from './onnx-wire.ts'

/** Reads what a `.onnx` file says of itself, without running it or making its weights. */

/** An input or output of a model. */
export interface OnnxValue {
  readonly name: string
  /** ONNX's name, such as `FLOAT`; empty where it is no tensor. */
  readonly dtype: string
  /** Names for sizes that are known only when it runs, `?` for one without a name; `undefined` where nothing is said. */
  readonly shape: readonly (number | string)[] | undefined
}

/** A weight. */
export interface OnnxWeight {
  readonly name: string
  /** ONNX's name, such as `FLOAT16`. */
  readonly dtype: string
  readonly shape: readonly number[]
  /** Where it lies, if not in the file itself. */
  readonly external?: ExternalPlace | undefined
}

/** A place in a file beside the model. */
export interface ExternalPlace {
  /** A plain file name. */
  readonly location: string
  readonly offset: number
  /** In bytes. */
  readonly length: number
}

/** What {@link readOnnx} finds. */
export interface OnnxSummary {
  readonly irVersion: number
  readonly producerName: string
  readonly producerVersion: string
  /** Version by domain; ONNX's own is `''`. */
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  /** Without weights, which old files list here, too. */
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly weights: readonly OnnxWeight[]
  readonly nodeCount: number
  /** The operators that make the outputs, by the outputs' names. */
  readonly outputOperators: ReadonlyMap<string, string>
  /** Files beside it that hold weights, of nested graphs too. */
  readonly externalFiles: readonly string[]
}

/** Names and bytes of an element, by ONNX's numbers. */
const elementTypes: readonly (readonly [name: string, bytes: number])[] = [
  ['UNDEFINED', NaN],
  ['FLOAT', 4],
  ['UINT8', 1],
  ['INT8', 1],
  ['UINT16', 2],
  ['INT16', 2],
  ['INT32', 4],
  ['INT64', 8],
  ['STRING', NaN],
  ['BOOL', 1],
  ['FLOAT16', 2],
  ['DOUBLE', 8],
  ['UINT32', 4],
  ['UINT64', 8],
  ['COMPLEX64', 8],
  ['COMPLEX128', 16],
  ['BFLOAT16', 2],
]

/** Graphs within graphs: deeper ones are an attack on the reader's stack. */
const deepest = 32

/**
 * What a `.onnx` file says of itself. Weights aren't made, so this takes little time and memory whatever the file's size.
 *
 * @param source - What to call the file in messages.
 * @throws {@link FileFormatError} if it is no such file, is damaged, or names weights anywhere but beside it.
 */
export function readOnnx(bytes: Uint8Array, source = 'the .onnx file'): OnnxSummary {
  if (bytes.length === 0) throw notOnnx(source, 'it is empty')
  return new Reader(source).read(bytes)
}

class Reader {
  readonly #opsets = new Map<string, number>()
  readonly #metadata = new Map<string, string>()
  readonly #weights = new Map<string, OnnxWeight>()
  readonly #operators = new Map<string, string>()
  readonly #externalFiles = new Set<string>()
  readonly #inputs: OnnxValue[] = []
  readonly #outputs: OnnxValue[] = []
  #nodeCount = 0

  constructor(private readonly source: string) {}

  read(bytes: Uint8Array): OnnxSummary {
    let irVersion = 0
    let [producerName, producerVersion] = ['', '']
    let hasGraph = false
    for (const field of this.#fields(bytes)) {
      if (field.id === 1) irVersion = field.number
      else if (field.id === 2) producerName = textOf(field)
      else if (field.id === 3) producerVersion = textOf(field)
      else if (field.id === 7) this.#graph(field.bytes, 0)
      else if (field.id === 8) this.#opset(field)
      else if (field.id === 14) this.#metadata.set(...this.#entry(field))
      else if (field.id === 25) this.#function(field)
      hasGraph ||= field.id === 7
    }
    if (!hasGraph) throw notOnnx(this.source, 'it has no graph')
    return {
      irVersion,
      producerName,
      producerVersion,
      opsets: this.#opsets,
      metadata: this.#metadata,
      inputs: this.#inputs.filter(({ name }) => !this.#weights.has(name)),
      outputs: this.#outputs,
      weights: [...this.#weights.values()],
      nodeCount: this.#nodeCount,
      outputOperators: new Map(
        this.#outputs.map(({ name }) => [name, this.#operators.get(name) ?? ''] as const),
      ),
      externalFiles: [...this.#externalFiles],
    }
  }

  #fields(message: Uint8Array) {
    return fieldsOf(message, this.source)
  }

  /** Graphs nested in nodes are looked through for weights that lie elsewhere. */
  #graph(bytes: Uint8Array, depth: number): void {
    if (depth > deepest) throw notOnnx(this.source, `its graphs are nested deeper than ${deepest}`)
    for (const field of this.#fields(bytes)) {
      if (field.id === 1) this.#node(field.bytes, depth)
      else if (field.id === 5) this.#weight(field.bytes, depth)
      else if (field.id === 11 && depth === 0) this.#inputs.push(this.#value(field.bytes))
      else if (field.id === 12 && depth === 0) this.#outputs.push(this.#value(field.bytes))
      else if (field.id === 15)
        for (const part of this.#fields(field.bytes)) if (part.id < 3) this.#tensor(part.bytes)
    }
  }

  #node(bytes: Uint8Array, depth: number): void {
    const outputs: string[] = []
    let operator = ''
    for (const field of this.#fields(bytes)) {
      if (field.id === 2) outputs.push(textOf(field))
      else if (field.id === 4) operator = textOf(field)
      else if (field.id === 5) this.#attribute(field.bytes, depth)
    }
    if (depth > 0) return
    this.#nodeCount++
    for (const name of outputs) this.#operators.set(name, operator)
  }

  /** Tensors (5, 10), sparse ones (22, 23) and graphs (6, 11). */
  #attribute(bytes: Uint8Array, depth: number): void {
    for (const field of this.#fields(bytes)) {
      if (field.id === 6 || field.id === 11) this.#graph(field.bytes, depth + 1)
      else if (field.id === 5 || field.id === 10) this.#tensor(field.bytes)
      else if (field.id === 22 || field.id === 23) {
        for (const part of this.#fields(field.bytes)) if (part.id < 3) this.#tensor(part.bytes)
      }
    }
  }

  #function({ bytes }: WireField): void {
    for (const field of this.#fields(bytes)) if (field.id === 7) this.#node(field.bytes, 1)
  }

  #weight(bytes: Uint8Array, depth: number): void {
    const weight = this.#tensor(bytes)
    if (depth === 0) this.#weights.set(weight.name, weight)
  }

  #tensor(bytes: Uint8Array): OnnxWeight {
    const shape: number[] = []
    const place = new Map<string, string>()
    let [name, type, isExternal] = ['', 0, false]
    let raw: number | undefined
    for (const field of this.#fields(bytes)) {
      if (field.id === 1) shape.push(...numbersOf(field, this.source).slice(0, 64))
      else if (field.id === 2) type = field.number
      else if (field.id === 8) name = textOf(field)
      else if (field.id === 9) raw = field.bytes.length
      else if (field.id === 13) place.set(...this.#entry(field))
      else if (field.id === 14) isExternal = field.number === 1
    }
    const [dtype, width] = elementTypes[type] ?? [`type ${type}`, NaN]
    const size = sizeOf(shape) * width
    if (shape.some((edge) => !Number.isSafeInteger(edge)) || size > Number.MAX_SAFE_INTEGER) {
      throw notOnnx(this.source, `its tensor '${name}' has the impossible shape ${formatShape(shape)}`)
    }
    if (raw !== undefined && !isExternal && raw !== size && !Number.isNaN(size)) {
      throw notOnnx(
        this.source,
        `its tensor '${name}' of type ${dtype} and shape ${formatShape(shape)} needs ${size} bytes, but has ${raw}`,
      )
    }
    if (!isExternal) return { name, dtype, shape }
    return { name, dtype, shape, external: this.#external(name, place, size) }
  }

  /** A path to anywhere else would make the runtime read files of the attacker's choice. */
  #external(name: string, place: ReadonlyMap<string, string>, size: number): ExternalPlace {
    const location = place.get('location') ?? ''
    if (!/^[^/\\:\0]+$/.test(location) || location === '.' || location === '..') {
      throw new FileFormatError(
        `${this.source} says that its tensor '${name}' lies in ${JSON.stringify(location.slice(0, 200))}, which is no ` +
          'plain file name, and is refused: weights lie beside the model.',
      )
    }
    const offset = Number(place.get('offset') ?? 0)
    const length = Number(place.get('length') ?? size)
    const fits = Number.isSafeInteger(offset) && offset >= 0 && (length === size || Number.isNaN(size))
    if (!fits) throw notOnnx(this.source, `its tensor '${name}' has an impossible place in ${location}`)
    this.#externalFiles.add(location)
    return { location, offset, length }
  }

  #value(bytes: Uint8Array): OnnxValue {
    let name = ''
    let type: Pick<OnnxValue, 'dtype' | 'shape'> = { dtype: '', shape: undefined }
    for (const field of this.#fields(bytes)) {
      if (field.id === 1) name = textOf(field)
      else if (field.id === 2)
        for (const kind of this.#fields(field.bytes)) if (kind.id === 1) type = this.#type(kind)
    }
    return { name, ...type }
  }

  #type({ bytes }: WireField): Pick<OnnxValue, 'dtype' | 'shape'> {
    let dtype = ''
    let shape: (number | string)[] | undefined
    for (const field of this.#fields(bytes)) {
      if (field.id === 1) dtype = elementTypes[field.number]?.[0] ?? `type ${field.number}`
      else if (field.id === 2) {
        for (const dim of this.#fields(field.bytes)) if (dim.id === 1) (shape ??= []).push(this.#dim(dim))
        shape ??= []
      }
    }
    return { dtype, shape }
  }

  #dim({ bytes }: WireField): number | string {
    let size: number | string = '?'
    for (const field of this.#fields(bytes)) {
      if (field.id === 1) size = field.number
      else if (field.id === 2) size = textOf(field)
    }
    return size
  }

  #opset({ bytes }: WireField): void {
    let [domain, version] = ['', 0]
    for (const field of this.#fields(bytes)) {
      if (field.id === 1) domain = textOf(field)
      else if (field.id === 2) version = field.number
    }
    this.#opsets.set(domain, version)
  }

  #entry({ bytes }: WireField): [key: string, value: string] {
    const entry: [string, string] = ['', '']
    for (const field of this.#fields(bytes))
      if (field.id === 1 || field.id === 2) entry[field.id - 1] = textOf(field)
    return entry
  }
}
