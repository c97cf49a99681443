import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'

import type { Picture } from '../data/picture.ts'
import { filesOfInput } from '../data/read-drop.ts'
import { counted } from '../state/counted.ts'
import { activeClass } from '../state/data.ts'
import { removeClass } from '../state/edit-data.ts'
import { takeIn } from '../state/import.ts'
import { ClassName } from './class-name.tsx'
import { FileButton } from './file-button.tsx'
import { Thumbnail } from './thumbnail.tsx'
import { useDrop } from './use-drop.ts'
import { WebcamBurst } from './webcam-burst.tsx'

interface ClassCardProps {
  readonly name: string
  readonly pictures: readonly Picture[]
  readonly isLocked: boolean
}

/** As many as fit in two rows or so. */
const fewThumbnails = 14

/** A class: its name, its pictures, and ways to add some. */
export function ClassCard({ name, pictures, isLocked }: ClassCardProps) {
  const isWebcamOpen = useSignal(false)
  const showsAll = useSignal(false)
  const { isOver, handlers } = useDrop((files) => void takeIn(files, name), !isLocked)
  // The same elements again are passed over: a class may have thousands.
  const thumbnails = useMemo(
    () =>
      (showsAll.value ? pictures : pictures.slice(0, fewThumbnails)).map((picture) => (
        <li key={picture.id}>
          <Thumbnail picture={picture} isLocked={isLocked} />
        </li>
      )),
    [pictures, showsAll.value, isLocked],
  )
  return (
    <div
      class="class"
      role="group"
      aria-label={`Class ${name}`}
      data-over={isOver}
      data-active={activeClass.value === name}
      onFocusCapture={() => (activeClass.value = name)}
      onPointerDown={() => (activeClass.value = name)}
      {...handlers}
    >
      <div class="class-head">
        <ClassName name={name} isLocked={isLocked} />
        <span class="count">{counted(pictures.length, 'picture')}</span>
        <button
          type="button"
          class="icon"
          disabled={isLocked}
          aria-label={`Remove the class ${name}`}
          onClick={() => {
            onRemove(name, pictures.length)
          }}
        >
          ×
        </button>
      </div>
      {pictures.length === 0 && <p class="empty">Drop or paste pictures here.</p>}
      <ul class="thumbnails">{thumbnails}</ul>
      <div class="buttons">
        {pictures.length > fewThumbnails && (
          <button
            type="button"
            class="quiet"
            aria-expanded={showsAll.value}
            onClick={() => (showsAll.value = !showsAll.value)}
          >
            {showsAll.value ? 'Show fewer' : `Show all ${pictures.length}`}
          </button>
        )}
        <FileButton
          name={`add-${name}`}
          accept="image/*"
          multiple
          class="small"
          disabled={isLocked}
          onFiles={(files) => void takeIn(filesOfInput(files), name)}
        >
          Add pictures
        </FileButton>
        <button
          type="button"
          class="small"
          disabled={isLocked}
          aria-expanded={isWebcamOpen.value}
          onClick={() => (isWebcamOpen.value = !isWebcamOpen.value)}
        >
          {isWebcamOpen.value ? 'Close the webcam' : 'Webcam'}
        </button>
      </div>
      {isWebcamOpen.value && !isLocked && <WebcamBurst className={name} />}
    </div>
  )
}

function onRemove(name: string, count: number): void {
  const pictures = counted(count, 'picture')
  if (count === 0 || confirm(`Remove the class “${name}” with its ${pictures} from this page?`)) {
    void removeClass(name)
  }
}
