import type { MountedFile } from '#platform'

import { FileFormatError } from '../core/errors.ts'

/** Files that a manifest lists, by their paths. Throws {@link FileFormatError}. */
export function filesOfManifest(bytes: Uint8Array, url: URL): Map<string, MountedFile> {
  const content = parse(bytes, url)
  const entries = Array.isArray(content)
    ? content.map((path: unknown) => [path, path])
    : Object.entries(content)
  return new Map(
    entries.map(([path, from]) => {
      if (typeof path !== 'string' || typeof from !== 'string' || !URL.canParse(from, url)) {
        throw damaged(url, `${JSON.stringify(from)} is no URL`)
      }
      const address = new URL(from, url).href
      return [path.replace(/^\.?\//, ''), { from: address, isDeflated: false, lastModified: 0 }]
    }),
  )
}

function parse(bytes: Uint8Array, url: URL): object {
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof content === 'object' && content !== null) return content
  } catch (cause) {
    throw damaged(url, 'it is neither a .zip nor JSON', cause)
  }
  throw damaged(url, 'it holds neither a list nor an object')
}

function damaged(url: URL, how: string, cause?: unknown): FileFormatError {
  return new FileFormatError(
    `${url.href} is no manifest: ${how}. Expected { "train/ants/1.jpg": "https://…" } or a list of paths beside it.`,
    { cause },
  )
}
