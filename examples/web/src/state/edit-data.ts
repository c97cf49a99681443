/** What people do with classes and pictures. */
import { signal } from '@preact/signals'

import { forgetPictures, keepPictures } from '../storage/picture-store.ts'
import { activeClass, classLabels, classNames, pictures, skipped } from './data.ts'

let nextClassId = 0

/** The class that was made by hand just now: its name is a stopgap, and waits to be written over. */
export const addedClass = signal<string | undefined>(undefined)

/** Why a class can't have this name; `undefined` if it can. */
export function problemWithName(name: string, current?: string): string | undefined {
  if (name === '') return 'A class needs a name.'
  if (/[/\\]/.test(name) || name === '.' || name === '..') return 'A name can’t have slashes in it.'
  if (name !== current && classNames.value.includes(name)) return `There is a class “${name}” already.`
  return undefined
}

/** Makes a class, named by a number at first. */
export function addClass(): void {
  let number = classNames.value.length + 1
  while (classNames.value.includes(`class ${number}`)) number++
  const name = `class ${number}`
  addedClass.value = activeClass.value = name
  addClasses([name])
}

/** Makes the classes of these names that aren't there. */
export function addClasses(names: Iterable<string>): void {
  const missing = [...new Set(names)].filter((name) => !classNames.value.includes(name))
  if (missing.length === 0) return
  classLabels.value = [...classLabels.value, ...missing.map((name) => ({ id: nextClassId++, name }))]
}

/** Renames a class, and moves its pictures along. */
export async function renameClass(from: string, to: string): Promise<void> {
  classLabels.value = classLabels.value.map(({ id, name }) => ({ id, name: name === from ? to : name }))
  pictures.value = pictures.value.map((picture) =>
    picture.className === from ? { ...picture, className: to } : picture,
  )
  if (activeClass.value === from) activeClass.value = to
  await keepPictures(pictures.value.filter(({ className }) => className === to))
}

/** Removes a class with its pictures. */
export async function removeClass(name: string): Promise<void> {
  const ids = pictures.value.filter(({ className }) => className === name).map(({ id }) => id)
  classLabels.value = classLabels.value.filter((other) => other.name !== name)
  if (activeClass.value === name) activeClass.value = undefined
  await removePictures(ids)
}

/** Removes pictures. */
export async function removePictures(ids: readonly number[]): Promise<void> {
  const gone = new Set(ids)
  pictures.value = pictures.value.filter(({ id }) => !gone.has(id))
  await forgetPictures(ids)
}

/** Removes everything. */
export async function clearData(): Promise<void> {
  pictures.value = []
  classLabels.value = []
  skipped.value = []
  activeClass.value = undefined
  await forgetPictures()
}
