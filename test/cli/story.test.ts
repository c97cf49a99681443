import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it, onTestFinished } from 'vitest'

import { isSlow, slowTitle } from '../support/slow.ts'
import { cli } from './run-cli.ts'

const all = '../shared/data/hymenoptera_data'
const weights = '../shared/weights/resnet18-imagenet.pth'

describe.skipIf(!existsSync(all) || !existsSync(weights))(
  `with the pictures of ${all}, where they are`,
  () => {
    /** So many pictures of each class: the tutorial's numbers are compared elsewhere. */
    async function fewOf(counts: Readonly<Record<string, number>>): Promise<string> {
      const data = await mkdtemp(join(tmpdir(), 'few-pictures-'))
      onTestFinished(() => rm(data, { recursive: true }))
      for (const [split, count] of Object.entries(counts)) {
        for (const name of ['ants', 'bees']) {
          const folder = join(split, name)
          await mkdir(join(data, folder), { recursive: true })
          const pictures = (await readdir(join(all, folder))).sort().slice(0, count)
          for (const picture of pictures) await cp(join(all, folder, picture), join(data, folder, picture))
        }
      }
      return data
    }

    it.skipIf(!isSlow)(
      slowTitle('trains, predicts, resumes for more epochs and exports, as the README tells it'),
      async () => {
        const data = await fewOf({ train: 12, val: 6 })
        const out = await mkdtemp(join(tmpdir(), 'story-'))
        onTestFinished(() => rm(out, { recursive: true }))
        const start = [
          'train',
          data,
          '--weights',
          weights,
          '--strategy',
          'head',
          '--epochs',
          '1',
          '--out',
          out,
        ]
        expect((await cli(start)).code).toBe(0)
        const model = join(out, 'model.onnx')
        const { stdout } = await cli(['predict', model, join(all, 'val/bees/10870992_eebeeb3a12.jpg')])
        expect(stdout).toMatch(/(ants|bees) +\d+\.\d %/)
        const resumed = await cli(['train', data, '--out', out, '--resume', '--epochs', '2'])
        expect(resumed.code).toBe(0)
        expect(resumed.stdout).toContain('Epoch 1/1')
        expect(
          (await cli(['export', out, join(out, 'picture-in.onnx'), '--preprocessing-in-graph'])).code,
        ).toBe(0)
      },
      600_000,
    )
  },
)
