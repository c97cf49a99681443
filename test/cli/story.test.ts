import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { cli } from './run-cli.ts'

const data = '../shared/data/hymenoptera_data'
const weights = '../shared/weights/resnet18-imagenet.pth'

describe.skipIf(!existsSync(data) || !existsSync(weights))(
  `with the pictures of ${data}, where they are`,
  () => {
    it('trains, predicts, resumes for more epochs and exports, as the README tells it', async () => {
      const out = await mkdtemp(join(tmpdir(), 'story-'))
      onTestFinished(() => rm(out, { recursive: true }))
      const start = ['train', data, '--weights', weights, '--strategy', 'head', '--epochs', '1', '--out', out]
      expect((await cli(start)).code).toBe(0)
      const model = join(out, 'model.onnx')
      const { stdout } = await cli(['predict', model, join(data, 'val/bees/10870992_eebeeb3a12.jpg')])
      expect(stdout).toMatch(/(ants|bees) +\d+\.\d %/)
      const resumed = await cli(['train', data, '--out', out, '--resume', '--epochs', '2'])
      expect(resumed.code).toBe(0)
      expect(resumed.stdout).toContain('Epoch 1/1')
      expect(
        (await cli(['export', out, join(out, 'picture-in.onnx'), '--preprocessing-in-graph'])).code,
      ).toBe(0)
    }, 600_000)
  },
)
