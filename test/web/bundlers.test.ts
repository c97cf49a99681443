/** The packed package in an app of its own, built by each bundler without plugins, and run in Chromium. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { encodePng, Generator, picture } from 'onnx-finetune'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { openChromium, type Browser } from './support/chromium.ts'
import { serve } from './support/server.ts'

declare const trainHere: (entries: readonly (readonly [string, string])[], device: string) => Promise<number>

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = (name: string) => join(root, 'node_modules/.bin', name)

/** A dark and a light class: what is learnt in three epochs if pixels and labels arrive as they should. */
const entries = Array.from({ length: 16 }, (_, index) => {
  const generator = new Generator(index)
  const [name, base] = index % 2 === 0 ? (['dark', 0] as const) : (['light', 155] as const)
  const pixels = Uint8Array.from({ length: 20 * 24 * 3 }, () => base + 100 * generator.random())
  const png = encodePng(picture(20, 24, 3, pixels))
  return [`photos/${name}/${index}.png`, Buffer.from(png).toString('base64')] as const
})

/** How each makes `out`, from the app's folder. */
const builds: Readonly<Record<string, (app: string, out: string) => Promise<unknown>>> = {
  Vite: async (app, out) => {
    await writeFile(join(app, 'index.html'), '<script type="module" src="/app.js"></script>')
    await run(bin('vite'), ['build', '--outDir', out], { cwd: app })
  },
  webpack: async (app, out) => {
    // To minify takes most of a minute, and changes no path.
    const args = ['--mode', 'production', '--no-optimization-minimize', '--entry', './app.js', '-o', out]
    await run(bin('webpack'), args, { cwd: app })
    await page(out, '<script src="main.js"></script>')
  },
  esbuild: async (app, out) => {
    await run(bin('esbuild'), ['app.js', '--bundle', '--format=esm', '--splitting', `--outdir=${out}`], {
      cwd: app,
    })
    await webAssets(app, out)
    await page(out, '<script type="module" src="app.js"></script>')
  },
  Rollup: async (app, out) => {
    // Rollup has no way to a package but by a plugin, or by its path.
    await copyApp(app, 'rollup.js', './node_modules/onnx-finetune/dist/web/index.js')
    await run(bin('rollup'), ['rollup.js', '-d', out], { cwd: app })
    await webAssets(app, out)
    await page(out, '<script type="module" src="rollup.js"></script>')
  },
  'no bundler': async (app, out) => {
    await webAssets(app, join(out, 'onnx-finetune'))
    await copyApp(out, 'app.js', './onnx-finetune/index.js')
    await page(out, '<script type="module" src="app.js"></script>')
  },
}

let browser: Browser
let app: string

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'bundlers-'))
  await copyApp(app, 'app.js', 'onnx-finetune')
  await writeFile(join(app, 'package.json'), '{ "type": "module" }')
  await install(join(app, 'node_modules'))
  browser = await openChromium()
}, 120_000)

afterAll(async () => {
  await browser.close()
  await rm(app, { recursive: true, force: true })
})

describe('the package in a page', () => {
  it.each(Object.keys(builds))('trains with workers, built with %s', async (name) => {
    const out = join(app, `out-${name.replace(' ', '-')}`)
    await builds[name]!(app, out)
    const server = await serve({ roots: { '/': out } })
    const tab = await browser.newPage()
    try {
      await tab.goto(server.url)
      await tab.waitForFunction(() => 'trainHere' in globalThis)
      expect(await tab.evaluate((given) => trainHere(given, 'wasm'), entries)).toBe(1)
    } finally {
      await tab.close()
      await server.close()
    }
  })
})

/** What npm would unpack: the files that package.json names, and ONNX Runtime beside them. */
async function install(modules: string): Promise<void> {
  const library = join(modules, 'onnx-finetune')
  await mkdir(library, { recursive: true })
  for (const name of ['package.json', 'dist']) {
    await cp(join(root, name), join(library, name), { recursive: true })
  }
  // The command line's own dependencies: bundlers never look at them.
  await symlink(join(root, 'node_modules'), join(library, 'node_modules'))
  await cp(join(root, 'node_modules/onnxruntime-web'), join(modules, 'onnxruntime-web'), { recursive: true })
}

function webAssets(app: string, out: string): Promise<unknown> {
  const command = join(app, 'node_modules/onnx-finetune/dist/node/cli.js')
  return run(process.execPath, [command, 'web-assets', out], { cwd: app })
}

async function copyApp(folder: string, name: string, library: string): Promise<void> {
  const source = await readFile(new URL('bundlers/app.js', import.meta.url), 'utf8')
  await mkdir(dirname(join(folder, name)), { recursive: true })
  await writeFile(join(folder, name), source.replace("'onnx-finetune'", `'${library}'`))
}

function page(out: string, script: string): Promise<void> {
  return writeFile(join(out, 'index.html'), `<!doctype html><title>app</title>${script}`)
}
