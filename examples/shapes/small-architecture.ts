import { Generator, models } from 'onnx-finetune'

/** What the small network looks at: pixels a side, the size before the central crop, and the random crops' share. */
export const view = {
  size: 64,
  resized: 72,
  cropScale: [0.5, 1],
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
} as const

/** How it learns ants from bees, with either strategy: as the tutorial does, in fewer epochs. SGD has momentum 0.9. */
export const recipe = { epochs: 10, batchSize: 4, lr: 0.001, momentum: 0.9, stepSize: 7, gamma: 0.1 } as const

/** A ResNet of one block a stage and a quarter of ResNet-18's width: 0.3 M parameters. */
export function untrainedSmallNetwork(numClasses: number, generator = new Generator()): models.ResNet {
  const architecture = { block: models.BasicBlock, layers: [1, 1, 1, 1], width: 16 } as const
  return new models.ResNet(architecture, { numClasses, generator })
}
