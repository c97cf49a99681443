import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { readSafetensors } from '../../src/io/safetensors.ts'
import { saveWeights } from '../../src/io/save-weights.ts'
import { BatchNorm2d } from '../../src/nn/batch-norm2d.ts'

const folder = mkdtempSync(join(tmpdir(), 'save-weights-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('saveWeights', () => {
  it.each(['a.pth', 'a.pt', 'A.PTH', 'a.safetensors'])(
    'saves a model to %s, counters as int64',
    async (name) => {
      const model = new BatchNorm2d(3)
      const path = join(folder, name)
      await saveWeights(path, model)
      const read = await readStateDict(path)
      expect(read).toEqual(new Map(model.stateDict()))
      expect(read.get('num_batches_tracked')!.dtype).toBe('int64')
      new BatchNorm2d(3).loadStateDict(read)
    },
  )

  it('saves tensors by name, of a map or an object', async () => {
    const path = join(folder, 'tensors.pth')
    const tensors = { w: Tensor.from([1, 2]) }
    await saveWeights(path, tensors)
    expect(await readStateDict(path)).toEqual(new Map(Object.entries(tensors)))
    await saveWeights(path, new Map(Object.entries(tensors)))
    expect(await readStateDict(path)).toEqual(new Map(Object.entries(tensors)))
  })

  it('keeps metadata in .safetensors, and refuses to lose them', async () => {
    const metadata = { classes: 'ants,bees' }
    const path = join(folder, 'metadata.safetensors')
    await saveWeights(path, new BatchNorm2d(2), { metadata })
    expect((await readSafetensors(path)).metadata).toEqual(metadata)
    const before = readdirSync(folder)
    await expect(saveWeights(join(folder, 'b.pth'), new BatchNorm2d(2), { metadata })).rejects.toThrow(
      /b\.pth would lose its metadata/,
    )
    expect(readdirSync(folder)).toEqual(before)
  })

  it.each(['weights', 'weights.onnx', 'weights.pth.gz'])(
    'refuses to guess the format of %s',
    async (name) => {
      await expect(saveWeights(join(folder, name), new BatchNorm2d(2))).rejects.toThrow(ArgumentError)
      await expect(saveWeights(join(folder, name), new BatchNorm2d(2))).rejects.toThrow(
        /\.safetensors, \.pth or \.pt/,
      )
    },
  )
})
