import type { Picture } from '../data/picture.ts'
import { removePictures } from '../state/edit-data.ts'
import { urlOf } from './object-url.ts'

/** A picture, small, and a button that removes it. */
export function Thumbnail({ picture, isLocked }: { readonly picture: Picture; readonly isLocked: boolean }) {
  const { id, name, thumbnail } = picture
  return (
    <>
      <img src={urlOf(thumbnail)} alt={name} title={name} width="56" height="56" loading="lazy" />
      <button
        type="button"
        class="remove"
        disabled={isLocked}
        aria-label={`Remove ${name}`}
        onClick={() => void removePictures([id])}
      >
        ×
      </button>
    </>
  )
}
