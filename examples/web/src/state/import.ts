/** Taking pictures in: sorting, looking at each, keeping them for the next visit. */
import { checkPicture } from '../data/check-pictures.ts'
import { sortedNames, type IncomingFile, type Picture, type SkippedFile } from '../data/picture.ts'
import { drawSample } from '../data/sample.ts'
import { sortFiles, type PlacedFile } from '../data/sort-files.ts'
import { filesOfZip, isZip } from '../data/unzip.ts'
import { keepPictures } from '../storage/picture-store.ts'
import { importing, pictures, skipped } from './data.ts'
import { addClasses } from './edit-data.ts'
import { notify, notifyError } from './notices.ts'

/** Pictures that are shown and kept together. */
const groupSize = 16

let queue: Promise<void> = Promise.resolve()

/** Takes files in, after those before: into one class, or into those that their folders name. */
export function takeIn(files: IncomingFile[] | Promise<IncomingFile[]>, className?: string): Promise<void> {
  return enqueue(async () => {
    const [incoming, damaged] = await unpacked(await files)
    const { placed, skipped: misplaced } =
      className === undefined ? sortFiles(incoming) : into(className, incoming)
    const refused = await lookAt(placed)
    skipped.value = [...skipped.value, ...damaged, ...misplaced, ...refused]
    if (placed.length > 0 && refused.length === placed.length) {
      // That is seldom the pictures' fault, and a list of files that were left out is easily overlooked.
      notify('warning', `None of the pictures could be taken. ${refused[0]!.name}: ${refused[0]!.reason}`)
    }
    if (placed.length === 0 && damaged.length === 0) {
      notify(
        'warning',
        'There are no pictures in it: give a folder with one sub-folder a class, or a .zip of it.',
      )
    }
  })
}

/** Draws the sample and takes it in. */
export function takeSample(): Promise<void> {
  return enqueue(async () => {
    const text = 'Drawing ants and bees'
    importing.value = { text, done: 0, total: 320 }
    const files = await drawSample((done) => {
      if (done % groupSize === 0) importing.value = { text, done, total: 320 }
    })
    await lookAt(sortFiles(files).placed)
  })
}

function enqueue(work: () => Promise<void>): Promise<void> {
  queue = queue
    .then(work)
    .catch(notifyError)
    .finally(() => {
      importing.value = undefined
    })
  return queue
}

async function unpacked(
  files: readonly IncomingFile[],
): Promise<[files: IncomingFile[], damaged: SkippedFile[]]> {
  const all: IncomingFile[] = []
  const damaged: SkippedFile[] = []
  for (const incoming of files) {
    try {
      if (isZip(incoming)) all.push(...(await filesOfZip(incoming)))
      else all.push(incoming)
    } catch (error) {
      damaged.push({ name: incoming.path, reason: (error as Error).message })
    }
  }
  return [all, damaged]
}

function into(className: string, files: readonly IncomingFile[]): ReturnType<typeof sortFiles> {
  const placed = files.map(({ path, file }) => ({ name: path.split('/').at(-1)!, className, file }))
  return { placed, skipped: [] }
}

/** Stands for a picture as one of its class. */
const inItsClass = ({ className, digest }: Picture) => `${className}/${digest ?? ''}`

/** Two at a time: one is read while the other is decoded. */
async function lookAt(placed: readonly PlacedFile[]): Promise<SkippedFile[]> {
  const refused: SkippedFile[] = []
  addClasses(sortedNames(new Set(placed.map(({ className }) => className))))
  const known = new Set(pictures.value.map(inItsClass))
  for (let first = 0; first < placed.length; first += groupSize) {
    importing.value = { text: 'Looking at the pictures', done: first, total: placed.length }
    const group = placed.slice(first, first + groupSize)
    const results = await Promise.all(group.map(({ file }) => checkPicture(file)))
    const taken: Picture[] = []
    // By the time, so that no id comes again after its picture was removed.
    let id = Math.max(Date.now(), (pictures.value.at(-1)?.id ?? 0) + 1)
    for (const [index, { name, className, split }] of group.entries()) {
      const result = results[index]!
      if ('reason' in result) {
        refused.push({ name, reason: result.reason })
        continue
      }
      const { file, thumbnail, digest } = result
      const picture: Picture = { id, name, className, split, file, thumbnail, digest }
      if (digest !== undefined && known.has(inItsClass(picture))) {
        refused.push({ name, reason: `it is in “${className}” already` })
        continue
      }
      known.add(inItsClass(picture))
      taken.push(picture)
      id++
    }
    pictures.value = [...pictures.value, ...taken]
    await keepPictures(taken)
  }
  return refused
}
