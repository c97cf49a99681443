import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { drawShapes, type DrawShapesOptions } from './draw.ts'

/** Options of {@link generateShapes}. */
export interface GenerateShapesOptions extends DrawShapesOptions {
  /** The folder to fill; made if it isn't there. */
  readonly directory: string
  /** Stops the drawing. */
  readonly signal?: AbortSignal | undefined
}

/** Pictures drawn between two turns of the event loop; their files are written side by side. */
const atOnce = 8

/**
 * Writes a small data set of drawn pictures, unless told otherwise of ants and bees, as JPEG files, laid out as
 * `ImageFolder` reads them and as the tutorial's data is: `train/ants`, `train/bees`, `val/ants`, `val/bees`. It stands
 * in where that can't be had.
 *
 * @returns The paths of all pictures, training first.
 * @throws {@link ArgumentError} for a size or a count that isn't a whole number in range.
 */
export async function generateShapes({
  directory,
  signal,
  ...options
}: GenerateShapesOptions): Promise<string[]> {
  const paths: string[] = []
  const writing: Promise<void>[] = []
  let folder = ''
  for (const { split, className, name, draw } of drawShapes(options)) {
    signal?.throwIfAborted()
    const into = join(directory, split, className)
    if (into !== folder) await mkdir((folder = into), { recursive: true })
    const path = join(into, name)
    paths.push(path)
    writing.push(writeFile(path, draw()))
    if (writing.length === atOnce) await Promise.all(writing.splice(0))
  }
  await Promise.all(writing)
  return paths
}
