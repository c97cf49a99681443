import { BasicBlock, Bottleneck, type ResNetArchitecture } from './resnet.ts'

/** The members of the family. @see https://pytorch.org/vision/0.14/models/resnet.html */
export const resNetArchitectures = {
  resnet18: { block: BasicBlock, layers: [2, 2, 2, 2] },
  resnet34: { block: BasicBlock, layers: [3, 4, 6, 3] },
  resnet50: { block: Bottleneck, layers: [3, 4, 6, 3] },
} as const satisfies Readonly<Record<string, ResNetArchitecture>>
