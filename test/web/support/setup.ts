import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'

import { newest, setup as buildNode } from '../../support/build-node.ts'
import { chromiumNames } from './chromium.ts'
import { findBrowser } from './find-browser.ts'

/** Before the first suite: the browsers must be there, and the built library must be that of the sources. */
export function setup(): void {
  findBrowser('CHROMIUM', chromiumNames)
  findBrowser('FIREFOX', ['firefox-esr', 'firefox'])
  const built = builtAt()
  if (built === 0) execFileSync('npm', ['run', 'build', '--silent'], { stdio: 'inherit' })
  else if (built < newest(['src', 'scripts'])) {
    execFileSync(process.execPath, ['scripts/bundle-web.js'], { stdio: 'inherit' })
  }
  buildNode()
}

/** 0 where something isn't built at all. */
function builtAt(): number {
  const files = ['dist/web/index.js', 'dist/web/engine-worker.js', 'dist/node/cli.js', 'dist/index.d.ts']
  const times = files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
  return times.includes(0) ? 0 : times[0]!
}
