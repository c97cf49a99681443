import type { Command } from 'commander'

import { ImageError, FileSystemError } from '../core/errors.ts'
import type { Device } from '../runtime/providers.ts'
import { loadClassifier } from '../train/load-classifier.ts'
import type { Prediction } from '../train/predictor.ts'
import { PartialFailure } from './fail.ts'
import { deviceOption, finish, whole } from './flags.ts'
import { csv, json, percent, table } from './text.ts'

interface PredictFlags {
  readonly topK: number
  readonly json?: true
  readonly csv?: true
  readonly device: Device | 'auto'
}

interface Row {
  readonly picture: string
  readonly predictions: readonly Prediction[]
}

export function addPredict(program: Command): void {
  const command = program
    .command('predict')
    .description('Says what is in pictures, by a model that `train` or `export` wrote.')
    .argument('<model>', 'a .onnx file')
    .argument('<pictures...>', 'JPEG or PNG files')
    .option('--top-k <n>', 'how many classes of each picture', whole(1), 3)
    .option('--json', 'as JSON')
    .option('--csv', 'as CSV: picture,rank,label,probability')
    .addOption(deviceOption())
    .action(runPredict)
  finish(command, [
    ['predict out/model.onnx bee.jpg', 'a table'],
    ['predict out/model.onnx photos/*.jpg --top-k 1 --csv > labels.csv', 'a spreadsheet'],
  ])
}

/** Each picture by itself: one that can't be read doesn't hold up the others. */
async function runPredict(model: string, pictures: readonly string[], flags: PredictFlags): Promise<void> {
  await using classifier = await loadClassifier(model, { device: flags.device })
  const rows: Row[] = []
  for (const picture of pictures) {
    try {
      rows.push({ picture, predictions: await classifier.predict(picture, { topK: flags.topK }) })
    } catch (error) {
      if (!(error instanceof ImageError || error instanceof FileSystemError)) throw error
      console.error(`error: ${error.message}`)
    }
  }
  if (rows.length > 0 || flags.json || flags.csv) console.log(format(rows, flags))
  const failed = pictures.length - rows.length
  if (failed > 0) throw new PartialFailure(`${failed} of ${pictures.length} pictures couldn't be read`)
}

function format(rows: readonly Row[], flags: PredictFlags): string {
  if (flags.json) return json(rows)
  const flat = rows.flatMap(({ picture, predictions }) =>
    predictions.map(({ label, probability }, rank) => ({ picture, rank: rank + 1, label, probability })),
  )
  if (flags.csv) {
    const cells = flat.map(({ picture, rank, label, probability }) => [
      picture,
      rank,
      label,
      probability.toFixed(6),
    ])
    return csv([['picture', 'rank', 'label', 'probability'], ...cells])
  }
  const cells = flat.map(({ picture, rank, label, probability }) => [
    rank === 1 ? picture : '',
    label,
    percent(probability),
  ])
  return table(['picture', 'label', 'probability'], cells, [2])
}
