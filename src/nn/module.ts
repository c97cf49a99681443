import type { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { ModuleBuffer, Parameter } from './parameter.ts'
import {
  entriesOf,
  mismatch,
  stateDictError,
  type IncompatibleKeys,
  type StateDictLike,
} from './state-dict.ts'
import { scopeNameOf, traceOf } from './trace.ts'

/** Options of {@link Module.loadStateDict}. */
export interface LoadStateDictOptions {
  /** Whether all keys must match. Shapes and dtypes must match always. Default: true. */
  readonly strict?: boolean | undefined
}

/**
 * The base of all layers and models. Children, parameters and buffers are its own properties, in the order in which they
 * were assigned: assign another module to replace one. Derive from it for a layer or a model of your own: `forward` adds its
 * operators to the graph of `x`, once for each program that a session builds, so it may use JavaScript's `if` on shapes and
 * flags but never sees numbers.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 *
 * @example
 * ```ts
 * import { Tensor, nn, ops, type Value } from 'onnx-finetune'
 *
 * // Scales each feature of `[N, features]` by a factor that is learned, after a linear layer.
 * class ScaledLinear extends nn.Module {
 *   readonly linear: nn.Linear
 *   readonly scale: nn.Parameter // in state dicts 'scale', beside 'linear.weight' and 'linear.bias'
 *
 *   constructor(inFeatures: number, outFeatures: number) {
 *     super()
 *     this.linear = new nn.Linear(inFeatures, outFeatures)
 *     this.scale = new nn.Parameter(Tensor.full([outFeatures], 1))
 *   }
 *
 *   forward(x: Value): Value {
 *     return ops.mul(this.linear.call(x), this.parameter(x, this.scale))
 *   }
 * }
 * ```
 */
export abstract class Module {
  /** Whether Dropout drops and BatchNorm uses the batch's statistics. Set by {@link train} and {@link eval}. */
  training = true

  /** Adds the module's nodes to x's graph. */
  abstract forward(x: Value): Value

  /** `forward`, with the module's name as scope of its nodes, so that messages can say where. Models call children by this. */
  call(x: Value): Value {
    return x.graph.inScopePath(scopeNameOf(x.graph, this), () => this.forward(x))
  }

  /**
   * A parameter as a value of the graph of `x`, for use in {@link forward}.
   *
   * @throws {@link GraphError} if the parameter is no attribute of a module of the model.
   */
  protected parameter(x: Value, parameter: Parameter): Value {
    return traceOf(x).parameter(parameter)
  }

  /** Direct sub-modules by attribute name. */
  *namedChildren(): Generator<[string, Module], undefined> {
    for (const [name, value] of Object.entries(this)) if (value instanceof Module) yield [name, value]
  }

  /** This module (named `''`) and all below it, depth first. One that is there twice comes once, by its first name. */
  *namedModules(prefix = ''): Generator<[string, Module], undefined> {
    yield* unique(this.#allModules(prefix))
  }

  /** All parameters by qualified name; a shared one once. */
  *namedParameters(): Generator<[string, Parameter], undefined> {
    for (const [name, value] of unique(this.#namedState()))
      if (value instanceof Parameter) yield [name, value]
  }

  /** All parameters, each once. */
  *parameters(): Generator<Parameter, undefined> {
    for (const [, parameter] of this.namedParameters()) yield parameter
  }

  /** All buffers by qualified name; a shared one once. */
  *namedBuffers(): Generator<[string, ModuleBuffer], undefined> {
    for (const [name, value] of unique(this.#namedState()))
      if (value instanceof ModuleBuffer) yield [name, value]
  }

  /** Copies of all parameters and buffers, under PyTorch's keys; shared ones under each of their names. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.#namedState()].map(([name, { tensor }]) => [name, tensor.clone()]))
  }

  /**
   * Loads copies of the tensors. Nothing is changed when it throws. As in PyTorch, `num_batches_tracked` may be missing:
   * old files have none.
   *
   * @returns The keys that differ; with `strict` there are none.
   * @throws {@link StateDictError} with missing, unexpected and mismatched keys together.
   */
  loadStateDict(state: StateDictLike, { strict = true }: LoadStateDictOptions = {}): IncompatibleKeys {
    const given = entriesOf(state)
    const own = new Map(this.#namedState())
    const missingKeys = [...own.keys()].filter(
      (key) => !given.has(key) && !key.endsWith('num_batches_tracked'),
    )
    const unexpectedKeys = [...given.keys()].filter((key) => !own.has(key))
    const mismatched = [...own].flatMap(([key, target]) => mismatch(key, target, given.get(key)))
    if (mismatched.length > 0 || (strict && missingKeys.length + unexpectedKeys.length > 0)) {
      throw stateDictError(this.constructor.name, { missingKeys, unexpectedKeys, mismatched })
    }
    for (const [key, target] of own) {
      const tensor = given.get(key)
      if (tensor) target.tensor = tensor.clone()
    }
    return { missingKeys, unexpectedKeys }
  }

  /** Switches this module and all below it to training mode (or, with `false`, to evaluation). */
  train(mode = true): this {
    for (const [, module] of this.namedModules()) module.training = mode
    return this
  }

  /** Switches to evaluation: `train(false)`. */
  eval(): this {
    return this.train(false)
  }

  /** Freezes (`false`) or unfreezes all parameters. */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad
    return this
  }

  *#allModules(prefix = ''): Generator<[string, Module], undefined> {
    yield [prefix, this]
    for (const [name, child] of this.namedChildren()) yield* child.#allModules(joined(prefix, name))
  }

  *#namedState(): Generator<[string, Parameter | ModuleBuffer], undefined> {
    for (const [prefix, module] of this.#allModules()) {
      for (const [name, value] of Object.entries(module)) {
        if (value instanceof Parameter || value instanceof ModuleBuffer) yield [joined(prefix, name), value]
      }
    }
  }
}

const joined = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`)

/** Each item once, by its first name. */
function* unique<T>(named: Iterable<[string, T]>): Generator<[string, T], undefined> {
  const seen = new Set<T>()
  for (const entry of named) {
    if (!seen.has(entry[1])) yield entry
    seen.add(entry[1])
  }
}
