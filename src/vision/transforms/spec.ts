/**
 * Transforms as plain data, so that loader workers can run them: class name and constructor arguments,
 * and for a user's class the module that exports it.
 */
import { ArgumentError } from '../../core/errors.ts'
import { builtIns } from './built-ins.ts'
import { Compose } from './compose.ts'
import type { Transform, TransformLike } from './transform.ts'

/** A transform as structured-cloneable data. */
export interface TransformSpec {
  /** Name of the class: of a built-in, or an export of `module`. */
  readonly name: string
  /** The constructor's arguments; a `Compose` has the specs of its parts in their place. */
  readonly arguments: readonly unknown[]
  /** URL of the module that exports a user's class; absent for built-ins. */
  readonly module?: string
}

/** What {@link splitForWorker} finds: run `spec` in the worker, then `rest` on the caller's thread. */
export interface SplitTransform {
  /** The part that can be sent; `undefined` if not even the first step can. */
  readonly spec: TransformSpec | undefined
  /** What remains for the caller's thread; `undefined` if everything can be sent. */
  readonly rest: TransformLike | undefined
}

type TransformClass = new (...args: never[]) => Transform

const namesOfBuiltIns = new Map<unknown, string>(Object.entries(builtIns).map(([name, type]) => [type, name]))

/** The spec of `transform`, or `undefined` if it holds anything that can't be sent: a function, a `Lambda`. */
export function transformToSpec(transform: TransformLike): TransformSpec | undefined {
  if (typeof transform === 'function') return undefined
  if (transform instanceof Compose) return composeToSpec(transform)
  const type = transform.constructor as { readonly name: string; readonly module?: unknown }
  const builtIn = namesOfBuiltIns.get(type)
  const args = transform.toArguments?.()
  if (!args) return undefined
  if (builtIn !== undefined) return { name: builtIn, arguments: args }
  // Of its own: a subclass that names no module would be looked for in its parent's.
  if (!Object.hasOwn(type, 'module') || typeof type.module !== 'string') return undefined
  return { name: type.name, arguments: args, module: type.module }
}

function composeToSpec(compose: Compose): TransformSpec | undefined {
  const specs = compose.transforms.map(transformToSpec)
  return specs.includes(undefined) ? undefined : { name: 'Compose', arguments: specs }
}

/**
 * The transform that `spec` describes.
 *
 * @throws {@link ArgumentError} if there is no such built-in, or the module doesn't export such a class.
 */
export async function transformFromSpec(spec: TransformSpec): Promise<Transform> {
  if (spec.module === undefined && spec.name === 'Compose') {
    return new Compose(await Promise.all((spec.arguments as readonly TransformSpec[]).map(transformFromSpec)))
  }
  const found = spec.module === undefined ? findBuiltIn(spec.name) : await importClass(spec.module, spec.name)
  return new found(...(spec.arguments as never[]))
}

function findBuiltIn(name: string): TransformClass {
  if (Object.hasOwn(builtIns, name)) return builtIns[name as keyof typeof builtIns]
  throw new ArgumentError(
    `there is no built-in transform '${name}'; there are ${Object.keys(builtIns).join(', ')}. ` +
      'A class of your own needs `static readonly module = import.meta.url`.',
  )
}

async function importClass(module: string, name: string): Promise<TransformClass> {
  const found = ((await import(module)) as Record<string, unknown>)[name]
  if (typeof found === 'function') return found as TransformClass
  throw new ArgumentError(
    `module ${module} does not export a transform class named '${name}'. ` +
      `Export the class under its own name, or drop its static 'module' to run it on the caller's thread.`,
  )
}

/**
 * Splits a transform into the longest first part that a worker can run and the rest. Nested `Compose`s are
 * split inside.
 */
export function splitForWorker(transform: TransformLike): SplitTransform {
  const steps = flatten(transform)
  const specs: TransformSpec[] = []
  for (const step of steps) {
    const spec = transformToSpec(step)
    if (!spec) break
    specs.push(spec)
  }
  const rest = steps.slice(specs.length)
  return {
    spec: specs.length > 1 ? { name: 'Compose', arguments: specs } : specs[0],
    rest: rest.length > 1 ? new Compose(rest) : rest[0],
  }
}

function flatten(transform: TransformLike): readonly TransformLike[] {
  return transform instanceof Compose ? transform.transforms.flatMap(flatten) : [transform]
}
