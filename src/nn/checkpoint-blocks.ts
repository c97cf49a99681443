import { ArgumentError } from '../core/errors.ts'
import { stem } from '../graph/recompute.ts'
import type { Module } from './module.ts'
import { Sequential } from './layers.ts'

/**
 * Which blocks don't keep their activations for the backward pass: paths of modules (`'layer1.0'`), or `true` for each
 * direct child of a `Sequential` that has children of its own and stands in no other such block (the residual
 * blocks of the ResNets), and all that is computed before the first of them.
 */
export type GradientCheckpointing = boolean | readonly string[]

/**
 * The paths of the blocks, and {@link stem}.
 *
 * @throws {@link ArgumentError} for a path that isn't there, naming near ones; for `true` where there are no blocks.
 */
export function checkpointBlocks(model: Module, option: GradientCheckpointing = false): readonly string[] {
  if (option === false) return []
  const paths = [...model.namedModules()].map(([path]) => path).filter((path) => path !== '')
  if (option !== true) {
    for (const path of option) if (!paths.includes(path)) throw unknown(model, path, paths)
    return option
  }
  const blocks = outermostBlocks(model)
  if (blocks.length > 0) return [stem, ...blocks]
  throw new ArgumentError(
    `gradientCheckpointing: true finds no blocks in ${model.constructor.name}: no Sequential in it has a child with children of its own. ` +
      `Name the modules, gradientCheckpointing: ['${paths[0] ?? 'path'}']`,
  )
}

function outermostBlocks(model: Module): string[] {
  const found: string[] = []
  for (const [path, module] of model.namedModules()) {
    if (!(module instanceof Sequential) || found.some((block) => path.startsWith(`${block}.`))) continue
    for (const [name, child] of module.namedChildren()) {
      if (child.namedChildren().next().done !== true) found.push(path === '' ? name : `${path}.${name}`)
    }
  }
  return found
}

function unknown(model: Module, path: string, paths: readonly string[]): ArgumentError {
  const near = [...paths].sort((a, b) => distance(path, a) - distance(path, b)).slice(0, 3)
  return new ArgumentError(
    `gradientCheckpointing names '${path}', which is no module of ${model.constructor.name}. Near it: ${near.join(', ')}`,
  )
}

/** Levenshtein's: how many characters to insert, delete or replace. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let line = 0; line < from.length; line++) {
    const next = [line + 1]
    for (let index = 0; index < to.length; index++) {
      const replaced = row[index]! + (from[line] === to[index] ? 0 : 1)
      next.push(Math.min(replaced, row[index + 1]! + 1, next[index]! + 1))
    }
    row = next
  }
  return row.at(-1)!
}
