import { StateDictError } from '../core/errors.ts'
import { formatShape, sameShape } from '../core/shape.ts'
import type { Tensor } from '../core/tensor.ts'
import type { Value } from '../graph/graph.ts'
import { ModuleBuffer, Parameter } from './parameter.ts'
import { scopeNameOf } from './trace.ts'

/** Tensors by qualified name (`layer1.0.conv1.weight`), in the order of the modules. */
export type StateDict = ReadonlyMap<string, Tensor>

/** Keys in which a state dict and a module differ. */
export interface IncompatibleKeys {
  readonly missingKeys: readonly string[]
  readonly unexpectedKeys: readonly string[]
}

/**
 * The base of all layers and models. Children, parameters and buffers are its own properties, in the order in which they
 * were assigned: assign another module to replace one.
 *
 * @see https://pytorch.org/docs/stable/generated/torch.nn.Module.html
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

  /** Direct sub-modules by attribute name. */
  *namedChildren(): Generator<[string, Module], undefined> {
    for (const [name, value] of Object.entries(this)) if (value instanceof Module) yield [name, value]
  }

  /** This module (named `''`) and all below it, depth first. */
  *namedModules(prefix = ''): Generator<[string, Module], undefined> {
    yield [prefix, this]
    for (const [name, child] of this.namedChildren()) yield* child.namedModules(joined(prefix, name))
  }

  /** All parameters by qualified name. */
  *namedParameters(): Generator<[string, Parameter], undefined> {
    for (const [name, value] of this.#namedState()) if (value instanceof Parameter) yield [name, value]
  }

  /** All parameters. */
  *parameters(): Generator<Parameter, undefined> {
    for (const [, parameter] of this.namedParameters()) yield parameter
  }

  /** All buffers by qualified name. */
  *namedBuffers(): Generator<[string, ModuleBuffer], undefined> {
    for (const [name, value] of this.#namedState()) if (value instanceof ModuleBuffer) yield [name, value]
  }

  /** Copies of all parameters and buffers, under PyTorch's keys. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.#namedState()].map(([name, { tensor }]) => [name, tensor.clone()]))
  }

  /**
   * Loads copies of the tensors. Nothing is changed when it throws.
   *
   * @param options.strict - Whether all keys must match. Default: true. Shapes and dtypes must match always.
   * @throws {@link StateDictError} with missing, unexpected and mismatched keys together.
   */
  loadStateDict(state: StateDict, { strict = true }: { readonly strict?: boolean } = {}): IncompatibleKeys {
    const own = new Map(this.#namedState())
    const missingKeys = [...own.keys()].filter((key) => !state.has(key))
    const unexpectedKeys = [...state.keys()].filter((key) => !own.has(key))
    const mismatches = [...own].flatMap(([key, { tensor }]) => mismatch(key, tensor, state.get(key)))
    if (mismatches.length > 0 || (strict && missingKeys.length + unexpectedKeys.length > 0)) {
      throw stateDictError(this.constructor.name, missingKeys, unexpectedKeys, mismatches)
    }
    for (const [key, target] of own) {
      const tensor = state.get(key)
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

  *#namedState(): Generator<[string, Parameter | ModuleBuffer], undefined> {
    for (const [prefix, module] of this.namedModules()) {
      for (const [name, value] of Object.entries(module)) {
        if (value instanceof Parameter || value instanceof ModuleBuffer) yield [joined(prefix, name), value]
      }
    }
  }
}

const joined = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`)

function mismatch(key: string, own: Tensor, given: Tensor | undefined): { key: string; text: string }[] {
  if (!given || (given.dtype === own.dtype && sameShape(given.shape, own.shape))) return []
  const text = `${key}: ${given.dtype} ${formatShape(given.shape)} given, ${own.dtype} ${formatShape(own.shape)} needed`
  return [{ key, text }]
}

function stateDictError(
  module: string,
  missing: readonly string[],
  unexpected: readonly string[],
  mismatches: readonly { readonly key: string; readonly text: string }[],
): StateDictError {
  const parts = [
    ...(missing.length > 0 ? [`missing keys: ${missing.join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`unexpected keys: ${unexpected.join(', ')}`] : []),
    ...mismatches.map(({ text }) => text),
  ]
  return new StateDictError(
    `the state dict doesn't fit ${module}; ${parts.join('; ')}. Load weights of the same architecture, or pass { strict: false } to skip missing and unexpected keys.`,
    missing,
    unexpected,
    mismatches.map(({ key }) => key),
  )
}
