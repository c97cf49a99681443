import { useEffect, useState } from 'preact/hooks'

const urls = new WeakMap<Blob, string>()

/** The address of a thumbnail, for as long as the page is there: they are small, and making an address takes a millisecond. */
export function urlOf(thumbnail: Blob): string {
  const known = urls.get(thumbnail)
  if (known !== undefined) return known
  const url = URL.createObjectURL(thumbnail)
  urls.set(thumbnail, url)
  return url
}

/** An address for any blob, for as long as the component is there. */
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
