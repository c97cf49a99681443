import type { Command } from 'commander'

import { AbortError } from '../core/errors.ts'
import type { Device } from '../runtime/providers.ts'
import { modelNames, type ModelName } from './architecture.ts'
import { Interrupted, UsageError } from './fail.ts'
import { choice, deviceOption, finish, positive, whole } from './flags.ts'
import { Interrupt } from './interrupt.ts'
import { checkpointsIn, hasFile, readRunFile, type Recipe } from './run-file.ts'
import { commandLine } from './text.ts'
import { startRun } from './train-run.ts'

/** The command line of `train`, read. */
export interface TrainFlags extends Recipe {
  readonly weights: string
  readonly model?: ModelName
  readonly imageSize?: number
  readonly workers: number
  readonly device: Device | 'auto'
  readonly out: string
  readonly resume?: true
}

/** Those that decide on the numbers: a run that goes on can't have others. */
const fixed = ['strategy', 'lr', 'batchSize', 'seed', 'valSplit'] as const
const startOnly = ['weights', 'model', 'imageSize'] as const

export function addTrain(program: Command): void {
  const command = program
    .command('train')
    .description(
      'Trains a classifier on the pictures in a folder: <folder>/train/<class> and <folder>/val/<class>, or just class ' +
        'folders. Writes model.onnx, model.safetensors, checkpoints, learning curves and pictures with predictions.',
    )
    .argument('<folder>', 'the pictures')
  addTrainOptions(command)
  command.action((folder: string, flags: TrainFlags) => runTrain(folder, flags, command))
  finish(command, [
    ['train photos', 'ResNet-18 on photos/train and photos/val, or on the class folders in photos'],
    ['train photos --strategy head --epochs 5 --out quick', 'the last layer only, which is faster'],
    ['train photos --weights resnet50.pth --lr 0.0005', 'start from weights in a file'],
    [
      'train photos --out quick --resume --epochs 10',
      'go on with a run that was stopped, or that was too short',
    ],
  ])
}

function addTrainOptions(command: Command): void {
  command
    .option(
      '--weights <source>',
      'a name of torchvision’s, a .pth or .safetensors file, a URL, or none',
      'DEFAULT',
    )
    .addOption(choice('--model <name>', 'the network (default: resnet18, or the weights file’s)', modelNames))
    .addOption(
      choice('--strategy <name>', 'what is trained: all, or the last layer', ['finetune', 'head']).default(
        'finetune',
      ),
    )
    .option('--epochs <n>', 'epochs in all', whole(1), 25)
    .option('--lr <x>', 'learning rate; a tenth of it after every 7 epochs', positive(), 0.001)
    .option('--batch-size <n>', 'pictures a step', whole(1), 4)
    .option(
      '--image-size <pixels>',
      'height and width that the network sees (default: the weights’, or 224)',
      whole(16),
    )
    .option('--val-split <share>', 'of class folders, for validation', positive(1), 0.2)
    .option('--workers <n>', 'threads that read pictures', whole(0), 1)
    .option('--seed <n>', 'of everything random', whole(0), 0)
    .addOption(deviceOption())
    .option('--out <folder>', 'where everything is written', 'onnx-finetune-out')
    .option('--resume', 'go on with the run in --out, with more --epochs if you like')
}

async function runTrain(folder: string, given: TrainFlags, command: Command): Promise<void> {
  const { out } = given
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli'
  const saved = given.resume && (await readRunFile(out))
  if (given.resume && !saved) {
    throw new UsageError(
      `there is no run to go on with in ${out}: leave out --resume, or give its folder as --out`,
    )
  }
  if (!given.resume && (await hasFile(checkpointsIn(out), /^checkpoint-/))) {
    throw new UsageError(
      `${out} has another run: go on with it by --resume, or give a folder of its own as --out`,
    )
  }
  const flags = saved ? { ...given, ...merged(saved.recipe, given, isGiven) } : given
  using interrupt = new Interrupt('Stopping after this batch; once more ends it at once.')
  try {
    const run = await startRun(folder, flags, saved, interrupt.signal)
    await run.train()
    await run.finish()
  } catch (error) {
    if (!(error instanceof AbortError)) throw error
    throw new Interrupted(`stopped. ${await wayOn(folder, out)}`, interrupt.exitCode)
  }
}

/** The options of the run that goes on. Throws {@link UsageError} for one that can't be changed now. */
function merged(saved: Recipe, given: TrainFlags, isGiven: (name: string) => boolean): Recipe {
  const other = fixed.find((name) => isGiven(name) && given[name] !== saved[name]) ?? startOnly.find(isGiven)
  if (other !== undefined) {
    const flag = `--${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    throw new UsageError(
      `${flag} can't be changed in a run that goes on: leave it out, or start anew with another --out`,
    )
  }
  return { ...saved, epochs: isGiven('epochs') ? given.epochs : saved.epochs }
}

async function wayOn(folder: string, out: string): Promise<string> {
  if (!(await hasFile(checkpointsIn(out), /^checkpoint-/))) return 'Nothing was saved.'
  const line = commandLine(['train', folder, '--out', out, '--resume'])
  return `The run is saved in ${checkpointsIn(out)}. Go on with it:\n  ${line}`
}
