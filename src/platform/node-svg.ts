import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import type * as Resvg from '@resvg/resvg-wasm'

import { RuntimeError } from '../core/errors.ts'

const packages = ['@resvg/resvg-wasm', 'dejavu-fonts-ttf'] as const

interface Rasterizer {
  readonly resvg: typeof Resvg
  readonly fonts: Uint8Array[]
}

let loading: Promise<Rasterizer> | undefined

/** An SVG document as a PNG file of its own size. Throws `RuntimeError` with the install line if a package is missing. */
export async function rasterizeSvg(svg: string): Promise<Uint8Array<ArrayBuffer>> {
  const { resvg, fonts } = await (loading ??= load())
  const font = { fontBuffers: fonts, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' }
  const renderer = new resvg.Resvg(svg, { font })
  try {
    return new Uint8Array(renderer.render().asPng())
  } finally {
    renderer.free()
  }
}

async function load(): Promise<Rasterizer> {
  try {
    const resvg = await import('@resvg/resvg-wasm')
    await resvg.initWasm(await readResolved('@resvg/resvg-wasm/index_bg.wasm'))
    return { resvg, fonts: [await readResolved('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')] }
  } catch (cause) {
    loading = undefined
    throw new RuntimeError(
      `pictures with text need ${packages.join(' and ')}: npm install ${packages.join(' ')}`,
      { cause },
    )
  }
}

/** A file of a package, wherever it is installed. */
async function readResolved(specifier: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(fileURLToPath(import.meta.resolve(specifier))))
}
