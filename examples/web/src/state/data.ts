/** The pictures and their classes. */
import { computed, signal } from '@preact/signals'

import type { Picture, SkippedFile } from '../data/picture.ts'
import { assignSplits } from '../data/split.ts'

/** A class, also one without pictures. */
export interface ClassLabel {
  /** Stays when the name changes. */
  readonly id: number
  readonly name: string
}

/** A class and its pictures. */
export interface PictureClass extends ClassLabel {
  readonly pictures: readonly Picture[]
}

/** All pictures, in the order of their ids. */
export const pictures = signal<readonly Picture[]>([])
/** All classes in the order they were made: one that is renamed stays where it is. */
export const classLabels = signal<readonly ClassLabel[]>([])
export const classNames = computed<readonly string[]>(() => classLabels.value.map(({ name }) => name))
/** Files that were not taken. */
export const skipped = signal<readonly SkippedFile[]>([])
/** How far the taking in is; `undefined` when nothing is being taken in. */
export const importing = signal<
  { readonly text: string; readonly done: number; readonly total: number } | undefined
>(undefined)
/** The class that pasted pictures go to. */
export const activeClass = signal<string | undefined>(undefined)

export const classes = computed<readonly PictureClass[]>(() => {
  const byName = new Map<string, Picture[]>(classNames.value.map((name) => [name, []]))
  for (const picture of pictures.value) byName.get(picture.className)?.push(picture)
  return classLabels.value.map((label) => ({ ...label, pictures: byName.get(label.name)! }))
})

/** The pictures to train on and those to validate on. */
export const assigned = computed(() => assignSplits(classes.value))

/** Why there can't be a training with this data yet; `undefined` when there can. */
export const dataProblem = computed<string | undefined>(() => {
  if (importing.value) return 'Pictures are still coming in.'
  const filled = classes.value.filter(({ pictures: own }) => own.length > 0)
  if (pictures.value.length === 0) return 'There are no pictures yet: add some, or draw the sample.'
  if (filled.length === 1) {
    return `There is one class only, “${filled[0]!.name}”: add a second one, of what is not in it, so that there is something to tell apart.`
  }
  const few = filled.find(({ pictures: own }) => own.length < 2)
  if (few)
    return `“${few.name}” has one picture: it needs two at least, one to learn from and one to check on.`
  const untrained = filled.find(
    ({ name }) => !assigned.value.train.some(({ className }) => className === name),
  )
  if (untrained)
    return `“${untrained.name}” has pictures in the validation folder only: add some to train on.`
  return undefined
})

/** What is unwise about the data, though it can be trained on. */
export const dataAdvice = computed<readonly string[]>(() => {
  const filled = classes.value.filter(({ pictures: own }) => own.length > 0)
  const counts = filled.map(({ pictures: own }) => own.length)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  const advice: string[] = []
  if (filled.length > 1 && most > 2 * least) {
    const name = filled[counts.indexOf(least)]!.name
    advice.push(
      `The classes are out of balance: ${most} pictures against ${least} of “${name}”. The network will lean to the larger; add pictures to the smaller.`,
    )
  }
  if (filled.length > 1 && least < 10)
    advice.push('Less than ten pictures of a class are few: twenty or more of each make it reliable.')
  const inTwo = pictureInTwoClasses(filled)
  if (inTwo) {
    const [name, one, other] = inTwo
    advice.push(`The same picture is in “${one}” and in “${other}” (${name}): remove it from the wrong one.`)
  }
  const empty = classes.value.filter(({ pictures: own }) => own.length === 0).map(({ name }) => `“${name}”`)
  if (empty.length > 0) advice.push(`No pictures yet: ${empty.join(', ')}. Empty classes are left out.`)
  return advice
})

/** The first picture that two classes have: its name there, and theirs. */
function pictureInTwoClasses(filled: readonly PictureClass[]): [string, string, string] | undefined {
  const seen = new Map<string, string>()
  for (const { digest, name, className } of filled.flatMap(({ pictures: own }) => own)) {
    if (digest === undefined) continue
    const before = seen.get(digest) ?? className
    if (before !== className) return [name, before, className]
    seen.set(digest, className)
  }
  return undefined
}

/** Stands for these pictures in their order: another one, and a run can't go on. */
export const dataKey = computed(() => {
  const { train, val } = assigned.value
  return [train, val].map((list) => list.map(({ id, className }) => `${id}:${className}`).join()).join('|')
})
