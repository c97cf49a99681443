import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

import { generateShapes } from '../examples/shapes/generate.ts'
import { caseNames } from './cases/cases.ts'
import type { Settings } from './protocol.ts'

const usage = `npm run bench -- [options]
  --quick          a few cases, under three minutes
  --only A,B       only cases whose names begin with A or B: ${caseNames.join(', ')}
  --rounds N       turns of each contender; default 5, with --quick 2
  --python FILE    a Python with torch and torchvision; default python3
  --data DIR       folder with train/ and val/; default: the tutorial's where they are found, else drawn pictures
  --weights FILE   ResNet-18 state dict (.pth); default: where it is found, else random weights
  --out DIR        default bench/results`

export interface Options {
  readonly quick: boolean
  readonly only: readonly string[]
  readonly rounds: number
  readonly python: string
  readonly data: string | undefined
  readonly weights: string | undefined
  readonly out: string
}

/** Reads the command line; a wrong one ends the process with what there is. */
export function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        rounds: { type: 'string' },
        python: { type: 'string', default: existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3' },
        data: { type: 'string' },
        weights: { type: 'string' },
        out: { type: 'string', default: 'bench/results' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
    if (!Number.isInteger(rounds) || rounds < 1)
      throw new TypeError(`--rounds must be a whole number above 0, not ${values.rounds}`)
    return {
      ...values,
      rounds,
      only: values.only.split(',').filter(Boolean),
      data: values.data ?? ['../shared/data/hymenoptera_data'].find(existsSync),
      weights: values.weights ?? ['../shared/weights/resnet18-imagenet.pth'].find(existsSync),
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`)
    process.exit(1)
  }
}

/** The pictures and weights; pictures are drawn into `folder` where there are none. */
export async function findSettings({ data, weights }: Options, folder: string): Promise<Settings> {
  const directory = data ?? join(folder, 'drawn-ants-and-bees')
  if (data === undefined) await generateShapes({ directory })
  const [size, resized] = data === undefined ? [64, 72] : [224, 256]
  const [train, val] = [join(directory, 'train'), join(directory, 'val')]
  return { weights, train, val, size, resized, threads: availableParallelism() }
}
