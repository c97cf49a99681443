import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Before the first suite: command line and examples are run on what is built, so that must be that of the sources. */
export function setup(): void {
  const built = statSync('dist/node/cli.js', { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (built < newest(['src', 'scripts'])) execFileSync(process.execPath, ['scripts/bundle-node.js'])
}

/** When the newest file in these folders was changed. */
export const newest = (folders: readonly string[]): number =>
  Math.max(
    ...folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(
        (path) => statSync(join(folder, path)).mtimeMs,
      ),
    ),
  )
