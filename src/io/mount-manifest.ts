import type { MountedFile } from '#platform'

import { FileFormatError } from '../core/errors.ts'

/** Files that a manifest lists, by their paths. Throws {@link FileFormatError}. */
export function filesOfManifest(bytes: Uint8Array, url: URL): Map<string, MountedFile> {
  const content = parse(bytes, url)
  const entries: (readonly [unknown, unknown])[] = Array.isArray(content)
    ? content.map((path: unknown) => [path, urlOf(path)])
    : Object.entries(content)
  const files = new Map<string, MountedFile>()
  for (const [path, from] of entries) {
    if (typeof path !== 'string' || !isBelow(path)) {
      throw damaged(url, `${JSON.stringify(path)} is no path below a folder`)
    }
    if (typeof from !== 'string' || !URL.canParse(from, url)) {
      throw damaged(url, `'${path}' is at ${JSON.stringify(from)}, which is no URL`)
    }
    files.set(path.replace(/^\.\//, ''), { from: new URL(from, url).href, lastModified: 0 })
  }
  return files
}

/** A path is no URL yet: `a#1.jpg` would be the file `a`. */
function urlOf(path: unknown): unknown {
  return typeof path === 'string' ? `./${path.split('/').map(encodeURIComponent).join('/')}` : path
}

function isBelow(path: string): boolean {
  const names = path.replace(/^\.\//, '').split('/')
  return !names.some((name) => ['', '.', '..'].includes(name))
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
