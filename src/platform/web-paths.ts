/**
 * Paths in a page. `files:ID/…` are mounted files, other schemes are URLs, and all else is a file of the page's own: it lies
 * in the browser's storage for it (OPFS), below one folder, so that it can't get in the way of what else the page keeps there.
 */
import { FileSystemError } from '../core/errors.ts'

/** Whose a path is. */
export type PathKind = 'mounted' | 'url' | 'own'

const scheme = /^[a-z][a-z\d+.-]*:/i

/** Tells by its beginning. */
export function kindOfPath(path: string): PathKind {
  if (path.startsWith('files:')) return 'mounted'
  return scheme.test(path) ? 'url' : 'own'
}

/** Joins segments by one slash each; `..` takes one away. A URL's query and fragment go with its file. */
export function joinPath(...segments: string[]): string {
  const [first = '', ...rest] = segments.filter((segment) => segment !== '')
  if (rest.length === 0) return first
  if (kindOfPath(first) !== 'url') return normalized([first, ...rest].join('/'))
  const base = /^(data|blob):/i.test(first) ? first : first.replace(/[?#].*$/s, '')
  return [base.replace(/\/+$/, ''), ...rest.map((segment) => segment.replace(/^\/+/, ''))].join('/')
}

function normalized(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    const last = parts.at(-1)
    if (part === '..' && last !== undefined && last !== '..' && !last.startsWith('files:')) parts.pop()
    else parts.push(part)
  }
  return (path.startsWith('/') ? '/' : '') + (parts.join('/') || (path.startsWith('/') ? '' : '.'))
}

/** The names on the way to a file of the page's own. Throws {@link FileSystemError} if it leads out of the page's folder. */
export function namesOf(path: string): string[] {
  const names = normalized(path)
    .split('/')
    .filter((name) => name !== '' && name !== '.')
  if (!names.includes('..')) return names
  throw new FileSystemError(`the path '${path}' leads out of the page's own files: leave out the '..'`)
}
