import { useEffect, useState } from 'preact/hooks'

import type { Picture } from '../data/picture.ts'

interface ThumbnailProps {
  readonly picture: Picture
  /** Without it, it can't be removed. */
  readonly onRemove?: (() => void) | undefined
}

/** A picture, small. */
export function Thumbnail({ picture, onRemove }: ThumbnailProps) {
  const url = useObjectUrl(picture.thumbnail)
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

/** An address for a blob, as long as the component is there. */
export function useObjectUrl(blob: Blob): string | undefined {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => {
      URL.revokeObjectURL(made)
    }
  }, [blob])
  return url
}
