import { writeFile } from 'node:fs/promises'

import { denormalize, saveImage, type Batch, type TrainResult, type models } from 'onnx-finetune'

import type { Strategy } from './options.ts'
import type { Source } from './sources.ts'

/** What a strategy came to. */
export interface Outcome extends TrainResult<models.ResNet> {
  readonly strategy: Strategy
  /** Names of the classes, in the order of the model's outputs. */
  readonly classes: readonly string[]
}

/** Writes the pictures of the first batch, as the network sees them, and says what they are. */
export async function saveBatch(
  batches: AsyncIterable<Batch>,
  path: string,
  classes: readonly string[],
  source: Source,
): Promise<void> {
  for await (const { inputs, labels } of batches) {
    await saveImage(denormalize(inputs, source), path)
    const names = (labels.toList() as number[]).map((label) => classes[label])
    console.log(`a training batch: ${names.join(', ')} (${path})`)
    break
  }
}

/** Writes both strategies' results as a Markdown table, and returns it. */
export async function saveTable(path: string, outcomes: readonly Outcome[]): Promise<string> {
  const rows = outcomes.map(({ strategy, bestAccuracy, bestEpoch, history, seconds }) => [
    strategy,
    bestAccuracy.toFixed(4),
    `${bestEpoch + 1} of ${history.length}`,
    history.at(-1)!.train.loss.toFixed(4),
    seconds.toFixed(0),
  ])
  const table = [['strategy', 'best val accuracy', 'in epoch', 'last train loss', 'seconds'], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  const lines = table.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`,
  )
  lines.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`)
  await writeFile(path, `${lines.join('\n')}\n`)
  return lines.join('\n')
}
