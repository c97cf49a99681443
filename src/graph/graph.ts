import { isFloat, type DType, type StoredDType } from '../core/dtype.ts'
import { GraphError } from '../core/errors.ts'
import { formatShape, type Shape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'

/**
 * The ONNX IR: a `Graph` is a list of `Node`s in topological order, which read and make `Value`s. Modules and
 * losses add nodes to it, `autodiff` adds their gradients, `lower` replaces our own operators by ONNX's,
 * and `serialize` turns it into a model that ONNX Runtime runs.
 */

/** A size: a number, or a name (`'N'`) for one that is known only when the graph runs. */
export type Dim = number | string

/** What ONNX attributes can be here. JavaScript has one kind of number, so each says which of ONNX's it is. */
export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly tensor: Tensor }
  /** A body, as of Scan. It reads its own inputs and constants only, and no value of the graph around it. */
  | { readonly graph: Graph }

/** A node's attributes by name. */
export type Attributes = Readonly<Record<string, AttributeValue>>

/** Element type and sizes of a value. */
export interface ValueType {
  readonly dtype: DType
  readonly shape: readonly Dim[]
  /** Default: `dtype`. */
  readonly storage?: StoredDType | undefined
}

/** A tensor that exists when the graph runs: a graph input, a constant, or a node's output. */
export class Value {
  constructor(
    readonly graph: Graph,
    readonly name: string,
    readonly dtype: DType,
    readonly shape: readonly Dim[],
    /** The node that makes it, or `undefined` for inputs and constants. */
    readonly producer: Node | undefined,
    /** The numbers, for a constant. */
    readonly constant: Tensor | undefined,
    /**
     * What it's kept in: `dtype`, or float16 for float32 numbers that were rounded. Nothing is computed with those before
     * a `Cast` has made float32 numbers of them.
     */
    readonly storage: StoredDType = dtype,
  ) {}

  /** Number of dimensions. */
  get rank(): number {
    return this.shape.length
  }

  /** Whether gradients can flow through it. */
  get isFloat(): boolean {
    return isFloat(this.dtype)
  }

  /** The size of `axis` as a number. Throws {@link GraphError} if it is symbolic or missing. */
  dim(axis: number): number {
    const size = this.shape.at(axis)
    if (typeof size !== 'number') {
      throw new GraphError(
        `${this.toString()} has no fixed size in dimension ${axis}, and one is needed here`,
      )
    }
    return size
  }

  /** The shape as numbers. Throws {@link GraphError} if a size is symbolic. */
  fixedShape(): Shape {
    return this.shape.map((_, axis) => this.dim(axis))
  }

  toString(): string {
    return `${this.name} ${this.dtype}${formatShape(this.shape)}`
  }
}

/** One operator applied to values. */
export class Node {
  readonly outputs: Value[] = []

  constructor(
    readonly opType: string,
    readonly inputs: readonly (Value | undefined)[],
    readonly attributes: Attributes,
    /** Where it was made, for messages: `layer1.0.conv1`. */
    readonly scope: string,
  ) {}

  /** The input at `index`. Throws {@link GraphError} if it was left out. */
  input(index: number): Value {
    const value = this.inputs[index]
    if (!value) throw new GraphError(`${this.toString()} lacks its input ${index}`)
    return value
  }

  /** The output at `index`. */
  output(index = 0): Value {
    const value = this.outputs[index]
    if (!value) throw new GraphError(`${this.toString()} has no output ${index}`)
    return value
  }

  int(name: string, fallback: number): number {
    const attribute = this.attributes[name]
    return attribute && 'int' in attribute ? attribute.int : fallback
  }

  float(name: string, fallback: number): number {
    const attribute = this.attributes[name]
    return attribute && 'float' in attribute ? attribute.float : fallback
  }

  ints(name: string, fallback: readonly number[] = []): readonly number[] {
    const attribute = this.attributes[name]
    return attribute && 'ints' in attribute ? attribute.ints : fallback
  }

  string(name: string, fallback: string): string {
    const attribute = this.attributes[name]
    return attribute && 'string' in attribute ? attribute.string : fallback
  }

  toString(): string {
    const where = this.scope === '' ? '' : ` in ${this.scope}`
    return `${this.opType}(${this.inputs.map((value) => value?.toString() ?? '–').join(', ')})${where}`
  }
}

/** A graph under construction. Names are made here and are unique. */
export class Graph {
  readonly inputs: Value[] = []
  readonly outputs: Value[] = []
  readonly constants: Value[] = []
  readonly nodes: Node[] = []
  readonly #scopes: string[] = []
  readonly #symbols = new Map<string, Value>()
  #nextName = 0

  /**
   * @param prefix - Begins the names that are made here. A body needs one: its names must not be the outer graph's.
   */
  constructor(private readonly prefix = '') {}

  /** A graph input that the caller feeds. Names must be unique. */
  input(name: string, dtype: DType, shape: readonly Dim[], storage: StoredDType = dtype): Value {
    if (this.inputs.some((input) => input.name === name))
      throw new GraphError(`two graph inputs are named ${name}`)
    const value = new Value(this, name, dtype, shape, undefined, undefined, storage)
    this.inputs.push(value)
    return value
  }

  /** A constant; ONNX Runtime packs those ahead of time. */
  constant(tensor: Tensor, name?: string): Value {
    const value = new Value(this, name ?? this.#fresh('c'), tensor.dtype, tensor.shape, undefined, tensor)
    this.constants.push(value)
    return value
  }

  /** Adds a node and its outputs. Builders in `ops/` call this; they know the output types. */
  add(
    opType: string,
    inputs: readonly (Value | undefined)[],
    attributes: Attributes,
    outputs: readonly ValueType[],
  ): Node {
    for (const value of inputs) {
      if (value && value.graph !== this)
        throw new GraphError(`${value.toString()} belongs to another graph than ${opType}`)
    }
    const node = new Node(opType, inputs, attributes, this.#scopes.join('.'))
    for (const { dtype, shape, storage } of outputs) {
      node.outputs.push(new Value(this, this.#fresh(opType), dtype, shape, node, undefined, storage))
    }
    this.nodes.push(node)
    return node
  }

  /** Marks a value as a result, under its own name; the session asks for it by that. */
  output(value: Value): Value {
    if (!this.outputs.includes(value)) this.outputs.push(value)
    return value
  }

  /**
   * The size of a symbolic dimension as a float32 scalar: an input `dim:N` that the session feeds. Cheaper and on
   * more devices than `Shape` and `Cast`.
   */
  symbol(name: string): Value {
    const known = this.#symbols.get(name)
    if (known) return known
    const value = this.input(`dim:${name}`, 'float32', [])
    this.#symbols.set(name, value)
    return value
  }

  /** Runs `build` with `name` appended to the scope of the nodes that it adds. */
  inScope<T>(name: string, build: () => T): T {
    this.#scopes.push(name)
    try {
      return build()
    } finally {
      this.#scopes.pop()
    }
  }

  /** Runs `build` under the scope `path` instead of the current one: for passes that copy nodes. */
  inScopePath<T>(path: string, build: () => T): T {
    const outer = this.#scopes.splice(0, this.#scopes.length, ...(path === '' ? [] : [path]))
    try {
      return build()
    } finally {
      this.#scopes.splice(0, this.#scopes.length, ...outer)
    }
  }

  /** A colon keeps these apart from the qualified names of parameters and from users' own. */
  #fresh(prefix: string): string {
    return `${this.prefix}${prefix}:${this.#nextName++}`
  }
}
