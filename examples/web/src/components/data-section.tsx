import { assigned, classes, dataAdvice, importing, pictures } from '../state/data.ts'
import { addClass, clearData } from '../state/edit-data.ts'
import { filesOfInput } from '../data/read-drop.ts'
import { takeIn, takeSample } from '../state/import.ts'
import { isBusy } from '../state/run.ts'
import { ClassCard } from './class-card.tsx'
import { FileButton } from './file-button.tsx'
import { SkippedList } from './skipped-list.tsx'
import { useDrop } from './use-drop.ts'

/** The pictures: where they come from, what there is, what is wrong with it. */
export function DataSection() {
  const isLocked = isBusy.value || importing.value !== undefined
  const { isOver, handlers } = useDrop((files) => void takeIn(files), !isBusy.value)
  return (
    <section id="data" class="card" aria-labelledby="data-title" data-over={isOver} {...handlers}>
      <h2 id="data-title">
        <span class="step">1</span> Pictures
      </h2>
      <p class="lead">
        A folder with one sub-folder a class (or a .zip of it): pick it or drop it here. Or make classes, and
        add pictures by file, drop, paste or webcam.
      </p>
      <div class="buttons">
        <FileButton name="folder" folder class="primary" disabled={isLocked} onFiles={takeFiles}>
          Choose a folder
        </FileButton>
        <FileButton name="zip" accept=".zip,application/zip" disabled={isLocked} onFiles={takeFiles}>
          Choose a .zip
        </FileButton>
        <button type="button" disabled={isBusy.value} onClick={addClass}>
          Add a class
        </button>
        <button type="button" disabled={isLocked} onClick={() => void takeSample()}>
          Draw a sample: ants and bees
        </button>
      </div>
      <Importing />
      <Summary />
      {classes.value.length > 0 && (
        <div class="classes">
          {classes.value.map((each) => (
            <ClassCard key={each.name} name={each.name} pictures={each.pictures} isLocked={isBusy.value} />
          ))}
        </div>
      )}
      <SkippedList />
      {classes.value.length > 0 && (
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

function Importing() {
  const now = importing.value
  return (
    <div class="importing" role="status">
      {now && (
        <>
          <label for="importing">
            {now.text}: {now.done} of {now.total}
          </label>
          <progress id="importing" max={now.total} value={now.done} />
        </>
      )}
    </div>
  )
}

function Summary() {
  const { train, val, isDrawn } = assigned.value
  if (pictures.value.length === 0) return null
  return (
    <>
      <p class="summary">
        <strong>{pictures.value.length}</strong> pictures in <strong>{classes.value.length}</strong>{' '}
        {classes.value.length === 1 ? 'class' : 'classes'}: {train.length} to learn from, {val.length} to
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
