import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'

import { build, type Metafile, type OutputFile } from 'esbuild'

import { openChromium } from '../../test/web/support/chromium.ts'
import { serve } from '../../test/web/support/server.ts'

/** Kilobytes (1,000 bytes) after gzip, by what it is. */
export type Sizes = Readonly<Record<string, number>>

/** What the package adds to a page, without ONNX Runtime, as a bundler that minifies makes it. */
export async function librarySizes(folder: string): Promise<Sizes> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(folder, 'index.js')],
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    outdir: folder,
    write: false,
    metafile: true,
    external: ['echarts', 'echarts/*'],
    logLevel: 'error',
  })
  const atOnce = importedAtOnce(metafile)
  const isAtOnce = ({ path }: OutputFile) => [...atOnce].some((name) => basename(name) === basename(path))
  const bytesOf = (files: readonly OutputFile[]) => files.map(({ contents }) => contents)
  return {
    'library, loaded at once': kilobytes(bytesOf(outputFiles.filter(isAtOnce))),
    'library, loaded on first use': kilobytes(bytesOf(outputFiles.filter((file) => !isAtOnce(file)))),
    'engine-worker.js': kilobytes([readFileSync(join(folder, 'engine-worker.js'))]),
    'loader-worker.js': kilobytes([readFileSync(join(folder, 'loader-worker.js'))]),
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

const kilobytes = (files: readonly Uint8Array[]): number =>
  files.reduce((bytes, contents) => bytes + gzipSync(contents, { level: 9 }).length, 0) / 1000

/** The entry, and what it imports statically. */
function importedAtOnce({ outputs }: Metafile): Set<string> {
  const found = new Set(Object.keys(outputs).filter((name) => basename(name) === 'index.js'))
  for (const name of found) {
    for (const { kind, path } of outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && path in outputs) found.add(path)
    }
  }
  return found
}
