import { shuffled } from '../library/shuffled.ts'
import type { Picture } from './picture.ts'

/** Which pictures are learnt from and which are kept for checking. */
export interface Assigned {
  readonly train: readonly Picture[]
  readonly val: readonly Picture[]
  /** Whether the folders said so, or a fifth was drawn. */
  readonly isDrawn: boolean
}

const valShare = 0.2

/**
 * As the folders say; where none is for validation, a fifth of each class, at least one, is drawn by a seed: the same pictures
 * each time.
 */
export function assignSplits(classes: readonly { readonly pictures: readonly Picture[] }[]): Assigned {
  const all = classes.flatMap(({ pictures }) => pictures)
  if (all.some(({ split }) => split === 'val')) {
    return {
      train: all.filter(({ split }) => split !== 'val'),
      val: all.filter(({ split }) => split === 'val'),
      isDrawn: false,
    }
  }
  const train: Picture[] = []
  const val: Picture[] = []
  for (const { pictures } of classes) {
    const count = pictures.length < 2 ? 0 : Math.max(1, Math.round(valShare * pictures.length))
    const chosen = new Set(shuffled(pictures).slice(0, count))
    for (const picture of pictures) (chosen.has(picture) ? val : train).push(picture)
  }
  return { train, val, isDrawn: true }
}
