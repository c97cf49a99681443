import { parseArgs } from 'node:util'

import { ArgumentError, type Device } from 'onnx-finetune'

const strategies = ['finetune', 'frozen'] as const

/** What is trained: the whole network, or `fc` alone. */
export type Strategy = (typeof strategies)[number]

/** The command line, read. */
export interface Options {
  /** Folder with `train` and `val`. */
  readonly data: string | undefined
  /** State dict of a ResNet-18. */
  readonly weights: string | undefined
  /** Drawn pictures, even where the tutorial's are found. */
  readonly drawn: boolean
  readonly epochs: number | undefined
  readonly strategies: readonly Strategy[]
  readonly momentum: number
  readonly seed: number
  readonly workers: number
  readonly device: Device | 'auto'
  /** Folder of the pictures and results. */
  readonly out: string
}

const usage = `Options:
  --data DIR         folder with train/ and val/, a folder for each class in both
  --weights FILE     ResNet-18 weights with torchvision's names, .pth or .safetensors
  --drawn            drawn pictures and the small network, even where the tutorial's files are found
  --epochs N         default: 25 with a ResNet-18, fewer with the small network
  --strategy NAME    finetune, frozen or both (default)
  --momentum X       of SGD; default 0.9
  --seed N           default 0
  --workers N        loader workers; default 2
  --device NAME      auto (default), cpu, cuda, webgpu
  --out DIR          default out/transfer-learning`

/** Reads the command line. Throws {@link ArgumentError} naming the option that is wrong. */
export function readOptions(args: string[]): Options {
  const { values } = parse(args)
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  return {
    data: values.data,
    weights: values.weights,
    drawn: values.drawn,
    epochs: values.epochs === undefined ? undefined : numberOf('epochs', values.epochs, true),
    strategies: strategiesOf(values.strategy),
    momentum: numberOf('momentum', values.momentum, false),
    seed: numberOf('seed', values.seed, true),
    workers: numberOf('workers', values.workers, true),
    device: values.device as Device,
    out: values.out,
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        data: { type: 'string' },
        weights: { type: 'string' },
        drawn: { type: 'boolean', default: false },
        epochs: { type: 'string' },
        strategy: { type: 'string', default: 'both' },
        momentum: { type: 'string', default: '0.9' },
        seed: { type: 'string', default: '0' },
        workers: { type: 'string', default: '2' },
        device: { type: 'string', default: 'auto' },
        out: { type: 'string', default: 'out/transfer-learning' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (cause) {
    throw new ArgumentError(`${(cause as Error).message}\n${usage}`, { cause })
  }
}

function strategiesOf(name: string): readonly Strategy[] {
  if (name === 'both') return strategies
  const found = strategies.filter((strategy) => strategy === name)
  if (found.length > 0) return found
  throw new ArgumentError(`--strategy is ${name}, but must be finetune, frozen or both`)
}

function numberOf(name: string, text: string, whole: boolean): number {
  const value = Number(text)
  if (text !== '' && value >= 0 && (whole ? Number.isSafeInteger(value) : Number.isFinite(value)))
    return value
  throw new ArgumentError(`--${name} is ${text}, but must be a ${whole ? 'whole ' : ''}number of at least 0`)
}
