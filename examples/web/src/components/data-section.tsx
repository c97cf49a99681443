import { computed } from '@preact/signals'
import { useRef } from 'preact/hooks'

import { counted } from '../state/counted.ts'
import { assigned, classes, dataAdvice, importing, pictures } from '../state/data.ts'
import { addClass, clearData } from '../state/edit-data.ts'
import { filesOfInput } from '../data/read-drop.ts'
import { takeIn, takeSample } from '../state/import.ts'
import { isBusy } from '../state/run.ts'
import { ClassCard } from './class-card.tsx'
import { FileButton } from './file-button.tsx'
import { SkippedList } from './skipped-list.tsx'
import { useDrop } from './use-drop.ts'
import { useKeptFocus } from './use-kept-focus.ts'

/** The pictures: where they come from, what there is, what is wrong with it. */
export function DataSection() {
  const isLocked = isBusy.value || importing.value !== undefined
  const { isOver, handlers } = useDrop((files) => void takeIn(files), !isBusy.value)
  const section = useRef<HTMLElement>(null)
  useKeptFocus(section, 'its place')
  const isEmpty = classes.value.length === 0
  return (
    <section
      ref={section}
      id="data"
      class="card"
      aria-labelledby="data-title"
      data-over={isOver}
      {...handlers}
    >
      <h2 id="data-title">
        <span class="step">1</span> Pictures
      </h2>
      <p class="lead">
        Show it examples of what it should tell apart: choose or drop a folder with one sub-folder a class (or
        a .zip of it), or make classes and add pictures by file, drop, paste or webcam.
      </p>
      <div class="buttons">
        <FileButton
          name="folder"
          folder
          class={isEmpty ? 'primary' : ''}
          disabled={isLocked}
          onFiles={takeFiles}
        >
          Choose a folder
        </FileButton>
        <FileButton name="zip" accept=".zip,application/zip" disabled={isLocked} onFiles={takeFiles}>
          Choose a .zip
        </FileButton>
        <button type="button" disabled={isBusy.value} onClick={addClass}>
          Add a class
        </button>
      </div>
      {pictures.value.length === 0 && (
        <div class="sample">
          <span class="hint">Nothing at hand?</span>
          <button type="button" disabled={isLocked} onClick={() => void takeSample()}>
            Draw a sample: ants and bees
          </button>
        </div>
      )}
      <Importing />
      <Summary />
      {!isEmpty && (
        <div class="classes">
          {classes.value.map((each) => (
            <ClassCard key={each.id} name={each.name} pictures={each.pictures} isLocked={isBusy.value} />
          ))}
        </div>
      )}
      <SkippedList />
      {!isEmpty && (
        <button type="button" class="quiet" disabled={isLocked} onClick={onClear}>
          Remove all pictures
        </button>
      )}
    </section>
  )
}

function takeFiles(files: readonly File[]): void {
  void takeIn(filesOfInput(files))
}

function onClear(): void {
  if (confirm('Remove all pictures from this page? Your own files stay as they are.')) void clearData()
}

/** What a screen reader is told: what begins, and what there is in the end; not each step. */
const announcement = computed(() => {
  const count = pictures.value.length
  return importing.value?.text ?? (count > 0 ? `${counted(count, 'picture')} in all.` : '')
})

function Importing() {
  const now = importing.value
  return (
    <>
      <p class="visually-hidden" role="status">
        {announcement.value}
      </p>
      {now && (
        <div class="importing">
          <label for="importing">
            {now.text}: {now.done} of {now.total}
          </label>
          <progress id="importing" max={now.total} value={now.done} />
        </div>
      )}
    </>
  )
}

function Summary() {
  const { train, val, isDrawn } = assigned.value
  if (pictures.value.length === 0) return null
  const filled = classes.value.filter(({ pictures: own }) => own.length > 0).length
  return (
    <>
      <p class="summary">
        <strong>{counted(pictures.value.length, 'picture')}</strong> in{' '}
        <strong>{counted(filled, 'class', 'classes')}</strong>: {train.length} to learn from, {val.length} to
        check on
        {isDrawn ? ' (a fifth of each class, drawn at random).' : ', as the folders say.'}
      </p>
      {dataAdvice.value.map((advice) => (
        <p key={advice} class="advice">
          {advice}
        </p>
      ))}
    </>
  )
}
