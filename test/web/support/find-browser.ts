import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a browser is: what the environment variable says, else the first of `names` that is in PATH. Throws where there is none. */
export function findBrowser(variable: string, names: readonly string[]): string {
  const given = process.env[variable]
  if (given) return given
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
  if (found !== undefined) return found
  throw new Error(
    `none of ${names.join(', ')} is in PATH: install one ("apt-get install ${names[0]!}"), or set ${variable} to its path`,
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
