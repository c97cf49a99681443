import { ArgumentError } from '../core/errors.ts'
import type { Value } from '../graph/graph.ts'
import { Module } from '../nn/module.ts'

/**
 * A view of `model` that ends where its head begins: it gives what the head would get. It shares parameters, buffers
 * and their names with the model. The head is away only while the view is traced, which no other code can see.
 */
export class Backbone extends Module {
  readonly #head: Module
  readonly #model: Module
  readonly #parent: Module
  readonly #path: string

  /**
   * @param path - Qualified name of the head, `'fc'` or `'classifier.1'`.
   * @throws {@link ArgumentError} where there is no such module.
   */
  constructor(model: Module, path: string) {
    super()
    this.#model = model
    this.#path = path
    const names = path.split('.')
    this.#parent = names.slice(0, -1).reduce((parent, name) => childOf(parent, name, path), model)
    this.#head = childOf(this.#parent, names.at(-1)!, path)
  }

  /** Under no name of its own, so that all below has the names that it has in the model. */
  override *namedChildren(): Generator<[string, Module], undefined> {
    yield ['', this.#model]
  }

  /** @throws {@link ArgumentError} if a parameter would be trained, were it not for the cache. */
  checkFrozen(): void {
    const ofHead = new Set(this.#head.parameters())
    const trained = [...this.#model.namedParameters()].filter(
      ([, parameter]) => parameter.requiresGrad && !ofHead.has(parameter),
    )
    if (trained.length === 0) return
    throw new ArgumentError(
      `${trained.length} parameters outside of '${this.#path}' would be trained, ${trained[0]![0]} first, but features ` +
        'are computed once, with the weights of now: freeze all with model.requiresGrad_(false), then unfreeze the ' +
        'head alone with its own requiresGrad_()',
    )
  }

  /**
   * The head's input. The model is run with its head, so that a head that doesn't fit is told of, too; what the head adds
   * to the graph leads to no output.
   *
   * @throws {@link ArgumentError} unless the model's last step is to call the head, once.
   */
  forward(x: Value): Value {
    const probe = new Probe(this.#head)
    const name = this.#path.split('.').at(-1)!
    let output
    Reflect.set(this.#parent, name, probe)
    try {
      output = this.#model.call(x)
    } finally {
      Reflect.set(this.#parent, name, this.#head)
    }
    const [call] = probe.calls
    const problem = problemOf(probe.calls, x, output)
    if (call && problem === undefined) return call.input
    throw new ArgumentError(`'${this.#path}' can't be the head of this model: ${problem ?? ''}`)
  }
}

interface Call {
  readonly input: Value
  readonly output: Value
}

/** Stands in the head's place and notes what goes through it. */
class Probe extends Module {
  readonly calls: Call[] = []
  readonly #head: Module

  constructor(head: Module) {
    super()
    this.#head = head
  }

  forward(input: Value): Value {
    const output = this.#head.call(input)
    this.calls.push({ input, output })
    return output
  }
}

/** Why what is called so isn't the head of a model that makes `output` of `x`. */
function problemOf(calls: readonly Call[], x: Value, output: Value): string | undefined {
  const [call] = calls
  if (!call || calls.length > 1) {
    return `the forward pass calls it ${calls.length} times. Name the module that is called last, and once.`
  }
  if (output !== call.output) {
    const last = output.producer?.opType ?? 'another output'
    return `the forward pass goes on after it, to ${last}. Name the module that is called last, or join both in one nn.Sequential.`
  }
  if (call.input === x) return 'nothing is computed before it that could be kept. Train the model itself.'
  return undefined
}

function childOf(parent: Module, name: string, path: string): Module {
  const children = new Map(parent.namedChildren())
  const found = children.get(name)
  if (found) return found
  const names = [...children.keys()]
  throw new ArgumentError(
    `the model has no module '${path}': ${parent.constructor.name} has ` +
      (names.length > 0 ? names.join(', ') : 'none below it'),
  )
}
