import { Generator } from '../core/generator.ts'

const root = new Generator()
let made = 0

/**
 * The generator of a layer that was given none: each one is distinct, so that equal layers don't start from equal
 * numbers. They are numbered in the order in which layers are made, so that a program that makes the same layers in the
 * same order starts from the same numbers each time it runs. Pass a `generator` where more must be certain.
 */
export function defaultGenerator(): Generator {
  return root.fork(made++)
}
