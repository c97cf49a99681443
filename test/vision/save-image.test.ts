import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { decode as decodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { ArgumentError, FileSystemError } from '../../src/core/errors.ts'
import { makeGrid } from '../../src/vision/make-grid.ts'
import { contiguous } from '../../src/vision/picture.ts'
import { saveImage } from '../../src/vision/save-image.ts'
import { toPicture } from '../../src/vision/to-picture.ts'
import { decodeTensor, readFixture, type Encoded } from './transforms/fixtures.ts'

const { inputs } = readFixture('grids.json') as {
  inputs: Record<string, Encoded>
}
const batch = decodeTensor(inputs.batch!)

describe('saveImage', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'save-image-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('writes the grid as PNG, without loss', async () => {
    const path = join(folder, 'grid.PNG')
    await saveImage(batch, path, { nrow: 2, padValue: 1 })
    const { width, height, data } = PNG.sync.read(await readFile(path))
    const expected = toPicture(makeGrid(batch, { nrow: 2, padValue: 1 }))
    expect([height, width, 3]).toEqual(expected.shape)
    expect([...data].filter((_, index) => index % 4 < 3)).toEqual([...contiguous(expected)])
    expect(await readdir(folder)).toEqual(['grid.PNG'])
  })

  it.each(['jpg', 'jpeg'])('writes .%s as JPEG', async (extension) => {
    const path = join(folder, `grid.${extension}`)
    await saveImage(batch, path)
    const { width, height } = decodeJpeg(await readFile(path))
    expect([3, height, width]).toEqual(makeGrid(batch).shape)
  })

  it('refuses another extension before it writes anything', async () => {
    await expect(saveImage(batch, join(folder, 'grid.gif'))).rejects.toThrow(ArgumentError)
    await expect(saveImage(batch, join(folder, 'grid'))).rejects.toThrow('must end in .png, .jpg or .jpeg')
    expect(await readdir(folder)).toEqual([])
  })

  it('names the path that it can not write', async () => {
    const path = join(folder, 'missing', 'grid.png')
    const saved = saveImage(batch, path)
    await expect(saved).rejects.toThrow(FileSystemError)
    await expect(saved).rejects.toThrow(path)
  })
})
