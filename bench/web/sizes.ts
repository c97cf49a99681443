import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { openChromium } from '../../test/web/support/chromium.ts'
import { serve } from '../../test/web/support/server.ts'

/** Kilobytes (1,000 bytes) after gzip, by what it is. */
export type Sizes = Readonly<Record<string, number>>

/** What the package adds to a page, without ONNX Runtime. */
export function librarySizes(folder: string): Sizes {
  const chunks = reachable(folder, 'index.js')
  const later = readdirSync(folder).filter((name) => /^chunk-.*\.js$/.test(name) && !chunks.has(name))
  return {
    'library (index.js and what it imports at once)': sum(folder, [...chunks]),
    'library, loaded on first use': sum(
      folder,
      later.filter((name) => everReachable(folder).has(name)),
    ),
    'engine-worker.js': sum(folder, ['engine-worker.js']),
    'loader-worker.js': sum(folder, ['loader-worker.js']),
  }
}

/** All that the built page asks the server for until nothing more comes, as sent with gzip. */
export async function pageSizes(folder: string): Promise<Sizes> {
  if (!existsSync(join(folder, 'index.html'))) return {}
  const [server, browser] = await Promise.all([serve({ roots: { '/': folder } }), openChromium()])
  let bytes = 0
  try {
    const page = await browser.newPage()
    page.on('response', (response) => {
      void response.body().then(
        (body) => (bytes += gzipSync(body, { level: 9 }).length),
        () => undefined,
      )
    })
    await page.goto(server.url, { waitUntil: 'networkidle' })
  } finally {
    await browser.close()
    await server.close()
  }
  return { "the page's first load (examples/web)": bytes / 1000 }
}

const sum = (folder: string, names: readonly string[]): number =>
  names.reduce((bytes, name) => bytes + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length, 0) /
  1000

/** Files that `name` imports statically, and theirs. */
function reachable(
  folder: string,
  name: string,
  pattern = /(?:from|import)\s*["']\.\/([\w-]+\.js)["']/g,
): Set<string> {
  const found = new Set([name])
  for (const each of found) {
    const text = readFileSync(join(folder, each), 'utf8')
    for (const [, imported] of text.matchAll(pattern)) found.add(basename(imported!))
  }
  return found
}

/** Those, and what they import later. */
const everReachable = (folder: string): Set<string> =>
  reachable(folder, 'index.js', /(?:from|import)\s*\(?\s*["']\.\/([\w-]+\.js)["']/g)
