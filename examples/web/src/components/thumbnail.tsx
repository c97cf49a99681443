import type { Picture } from '../data/picture.ts'
import { urlOf } from './object-url.ts'

interface ThumbnailProps {
  readonly picture: Picture
  /** Without it, it can't be removed. */
  readonly onRemove?: (() => void) | undefined
}

/** A picture, small. */
export function Thumbnail({ picture, onRemove }: ThumbnailProps) {
  const url = urlOf(picture.thumbnail)
  return (
    <>
      <img src={url} alt={picture.name} title={picture.name} width="56" height="56" loading="lazy" />
      {onRemove && (
        <button type="button" class="remove" aria-label={`Remove ${picture.name}`} onClick={onRemove}>
          ×
        </button>
      )}
    </>
  )
}
