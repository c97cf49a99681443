import { BasicBlock, Bottleneck, ResNet, type ResNetOptions } from './resnet.ts'

export { BasicBlock, Bottleneck, ResNet, type ResNetArchitecture, type ResNetOptions } from './resnet.ts'

/** ResNet-18, 11.7 M parameters. @see https://pytorch.org/vision/stable/models/resnet.html */
export const resnet18 = (options: ResNetOptions = {}): Promise<ResNet> =>
  made(() => new ResNet({ block: BasicBlock, layers: [2, 2, 2, 2] }, options))

/** ResNet-34, 21.8 M parameters. */
export const resnet34 = (options: ResNetOptions = {}): Promise<ResNet> =>
  made(() => new ResNet({ block: BasicBlock, layers: [3, 4, 6, 3] }, options))

/** ResNet-50, 25.6 M parameters. */
export const resnet50 = (options: ResNetOptions = {}): Promise<ResNet> =>
  made(() => new ResNet({ block: Bottleneck, layers: [3, 4, 6, 3] }, options))

/** Errors reject the promise. */
// eslint-disable-next-line @typescript-eslint/require-await
async function made(make: () => ResNet): Promise<ResNet> {
  return make()
}
