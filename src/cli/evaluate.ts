import { openProgressBar } from '#platform'
import type { Command } from 'commander'

import { throwIfAborted } from '../core/errors.ts'
import type { Device } from '../runtime/providers.ts'
import { loadClassifier } from '../train/load-classifier.ts'
import type { Predictor } from '../train/predictor.ts'
import type { ImageFolder } from '../vision/image-folder.ts'
import { confusionReport, type ConfusionReport } from './confusion.ts'
import { openEvaluationData } from './data.ts'
import { UsageError } from './fail.ts'
import { deviceOption, finish, whole } from './flags.ts'
import { Interrupt } from './interrupt.ts'
import { json, percent, table } from './text.ts'

interface EvaluateFlags {
  readonly json?: true
  readonly batchSize: number
  readonly device: Device | 'auto'
}

export function addEvaluate(program: Command): void {
  const command = program
    .command('evaluate')
    .description(
      'Measures a model on pictures whose classes are known: accuracy, each class, and what is taken for what.',
    )
    .argument('<model>', 'a .onnx file')
    .argument('<folder>', 'class folders, or a folder that has them in val/')
    .option('--batch-size <n>', 'pictures in one run', whole(1), 16)
    .option('--json', 'as JSON')
    .addOption(deviceOption())
    .action(runEvaluate)
  finish(command, [
    ['evaluate out/model.onnx photos', 'on photos/val, or on the class folders in photos'],
    ['evaluate out/model.onnx photos --json | jq .accuracy', 'one number, for a script'],
  ])
}

async function runEvaluate(model: string, folder: string, flags: EvaluateFlags): Promise<void> {
  using interrupt = new Interrupt('Stopping.')
  const data = await openEvaluationData(folder)
  await using classifier = await loadClassifier(model, { device: flags.device, signal: interrupt.signal })
  const labels = labelsOf(data, classifier.classes)
  const predicted = await predictAll(classifier, data, flags, interrupt.signal)
  const report = confusionReport(
    classifier.classes,
    predicted.map((index, at) => [labels[at]!, index]),
  )
  console.log(flags.json ? json(report) : format(report))
}

/** The model's index of each picture's class. Folders and model may count them in another order. */
function labelsOf({ classes, targets, root }: ImageFolder, known: readonly string[]): number[] {
  const unknown = classes.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new UsageError(
      `${root} has folders of classes that the model doesn't know: ${unknown.join(', ')}; it knows ${known.join(', ')}`,
    )
  }
  return targets.map((label) => known.indexOf(classes[label]!))
}

async function predictAll(
  classifier: Predictor,
  { samples }: ImageFolder,
  { batchSize, json: isJson }: EvaluateFlags,
  signal: AbortSignal,
): Promise<number[]> {
  const bar = isJson ? undefined : openProgressBar()
  bar?.start(samples.length, 'evaluating')
  try {
    const predicted: number[] = []
    for (let first = 0; first < samples.length; first += batchSize) {
      throwIfAborted(signal, 'the evaluation')
      const paths = samples.slice(first, first + batchSize).map(({ path }) => path)
      const best = await classifier.predictBatch(paths, { topK: 1, batchSize, signal })
      predicted.push(...best.map(([prediction]) => prediction!.index))
      bar?.update(predicted.length, '')
    }
    return predicted
  } finally {
    bar?.stop()
  }
}

function format({ accuracy, correct, total, classes, confusion }: ConfusionReport): string {
  const perClass = classes.map(({ label, count, precision, recall, f1 }) => [
    label,
    String(count),
    ...[precision, recall, f1].map((value) => percent(value ?? NaN)),
  ])
  const rows = confusion.map((row, index) => [classes[index]!.label, ...row.map(String)])
  const columns = classes.map((_, index) => index + 1)
  return [
    `accuracy ${percent(accuracy)} (${correct} of ${total})`,
    table(['class', 'pictures', 'precision', 'recall', 'F1'], perClass, [1, 2, 3, 4]),
    table(['actual \\ predicted', ...classes.map(({ label }) => label)], rows, columns),
  ].join('\n\n')
}
