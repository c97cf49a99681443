import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A code block of a document, and where it stands. */
export interface Snippet {
  readonly source: string
  readonly code: string
}

/** The TypeScript blocks of README, guides and doc comments. */
export function snippets(): Snippet[] {
  const documents = ['README.md', ...filesOf('docs', '.md')].map((path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }))
  const sources = filesOf('src', '.ts').map((path) => ({ path, text: uncomment(readFileSync(path, 'utf8')) }))
  return [...documents, ...sources].flatMap(({ path, text }) =>
    [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code], index) => ({
      source: `${path}#${index + 1}`,
      code: code!,
    })),
  )
}

const uncomment = (text: string): string => text.replace(/^ *\* ?/gm, '')

const filesOf = (folder: string, ending: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending) && !path.startsWith('api'))
    .map((path) => join(folder, path))
