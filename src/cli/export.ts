import type { Command } from 'commander'

import { exportOnnx, type ExportOnnxOptions } from '../io/export-onnx.ts'
import { saveWeights } from '../io/save-weights.ts'
import { weightsMetadata } from '../io/weights-info.ts'
import { architectureOf, buildResNet } from './architecture.ts'
import { UsageError } from './fail.ts'
import { choice, finish, names, whole } from './flags.ts'
import { preprocessingFor } from './preprocessing.ts'
import { readSavedWeights, type SavedWeights } from './saved-weights.ts'
import { megabytes } from './text.ts'

interface ExportFlags {
  readonly precision: NonNullable<ExportOnnxOptions['precision']>
  readonly preprocessingInGraph?: true
  readonly opset: number
  readonly externalData?: true
  readonly classes?: string[]
  readonly imageSize?: number
  readonly last?: true
}

export function addExport(program: Command): void {
  const command = program
    .command('export')
    .description(
      'Writes a model for use elsewhere: ONNX, or weights for PyTorch. The form is that of the output’s ending.',
    )
    .argument(
      '<source>',
      'a folder that `train` wrote, a checkpoint, or a .pth or .safetensors file of a ResNet',
    )
    .argument('<output>', 'ends with .onnx, .safetensors, .pth or .pt')
    .addOption(
      choice('--precision <name>', 'of the weights in a .onnx', ['float32', 'float16', 'int8']).default(
        'float32',
      ),
    )
    .option('--preprocessing-in-graph', 'a .onnx that takes pictures as they are: uint8 [height, width, 3]')
    .option('--opset <n>', 'ONNX’s operator set, 13 to 22', whole(1), 18)
    .option('--external-data', 'weights in a file beside the .onnx')
    .option('--classes <names>', 'with commas between them (default: those that the source knows)', names)
    .option(
      '--image-size <pixels>',
      'height and width that the network sees (default: what the source knows, or 224)',
      whole(16),
    )
    .option('--last', 'of a checkpoint the last weights, not the best epoch’s')
    .action(runExport)
  finish(command, [
    ['export out model-fp16.onnx --precision float16', 'half the size'],
    [
      'export out picture-in.onnx --preprocessing-in-graph',
      'for programs that have no transforms of their own',
    ],
    ['export out/checkpoints model.pth --last', 'for torch.load'],
    ['export resnet18.pth resnet18.onnx --classes ants,bees', 'weights from elsewhere'],
  ])
}

async function runExport(source: string, output: string, flags: ExportFlags): Promise<void> {
  const isOnnx = /\.onnx$/i.test(output)
  if (!isOnnx && !/\.(safetensors|pth?)$/i.test(output)) {
    throw new UsageError(`${output} must end with .onnx, .safetensors, .pth or .pt`)
  }
  const saved = await readSavedWeights(source, flags.last ?? false)
  const found = { ...saved, classes: flags.classes ?? saved.classes }
  if (isOnnx) await exportModel(source, output, found, flags)
  else await exportWeights(output, found)
}

async function exportModel(
  source: string,
  path: string,
  { weights, classes, preprocessing: known }: SavedWeights,
  { precision, opset, preprocessingInGraph, externalData, imageSize }: ExportFlags,
): Promise<void> {
  const model = buildResNet(architectureOf(weights, source), { weights })
  const outputs = model.fc.weight.shape[0]!
  if (classes && classes.length !== outputs) {
    throw new UsageError(`there are ${classes.length} names of classes, but the model has ${outputs} outputs`)
  }
  const preprocessing = preprocessingFor(known, imageSize)
  const { totalBytes, inputNames, outputNames } = await exportOnnx(model, {
    ...{ path, precision, opset, preprocessingInGraph, externalData, preprocessing },
    // Classes and probabilities of a model of unknown classes are numbered.
    classes: classes ?? Array.from({ length: outputs }, (_, index) => `class ${index}`),
  })
  console.log(`wrote ${path}: ${megabytes(totalBytes)}, ${inputNames.join()} → ${outputNames.join(' and ')}`)
  if (!classes) console.error('Warning: the classes have no names; give them by --classes')
}

async function exportWeights(path: string, { weights, classes, preprocessing }: SavedWeights): Promise<void> {
  const isSafetensors = /\.safetensors$/i.test(path)
  const metadata = isSafetensors ? weightsMetadata({ classes, preprocessing }) : undefined
  await saveWeights(path, weights, { metadata })
  console.log(`wrote ${path}: ${weights.size} tensors`)
}
