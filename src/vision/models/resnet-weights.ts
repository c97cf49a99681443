import type { Preprocessing } from '../preprocessing.ts'
import { ModelWeights } from './model-weights.ts'

/**
 * torchvision's pretrained ResNets. The eight digits in a file's name begin its SHA-256.
 *
 * @see https://pytorch.org/vision/0.14/models/resnet.html
 */
const imagenet: Preprocessing = {
  resizeSize: 256,
  cropSize: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  interpolation: 'bilinear',
}

function resNetWeights(
  model: string,
  [version, hash]: readonly [version: 'V1' | 'V2', hash: string],
  numParameters: number,
  [top1, top5]: readonly [top1: number, top5: number],
): ModelWeights {
  const isFirst = version === 'V1'
  return new ModelWeights({
    name: `${model}Weights.IMAGENET1K_${version}`,
    url: `https://download.pytorch.org/models/${model.toLowerCase()}-${hash}.pth`,
    sha256: hash,
    licence: 'BSD-3-Clause',
    preprocessing: isFirst ? imagenet : { ...imagenet, resizeSize: 232 },
    loadCategories: async () => (await import('./imagenet-categories.ts')).imagenetCategories,
    accuracy: { top1, top5 },
    numParameters,
    recipe: isFirst
      ? 'https://github.com/pytorch/vision/tree/main/references/classification#resnet'
      : 'https://github.com/pytorch/vision/issues/3995#issuecomment-1013906621',
  })
}

const resnet18V1 = resNetWeights('ResNet18', ['V1', 'f37072fd'], 11_689_512, [69.758, 89.078])
const resnet34V1 = resNetWeights('ResNet34', ['V1', 'b627a593'], 21_797_672, [73.314, 91.42])
const resnet50V1 = resNetWeights('ResNet50', ['V1', '0676ba61'], 25_557_032, [76.13, 92.862])
const resnet50V2 = resNetWeights('ResNet50', ['V2', '11ad3fa6'], 25_557_032, [80.858, 95.434])

/** Weights of ResNet-18, trained on ImageNet-1k. */
export const ResNet18Weights = { IMAGENET1K_V1: resnet18V1, DEFAULT: resnet18V1 } as const

/** Weights of ResNet-34, trained on ImageNet-1k. */
export const ResNet34Weights = { IMAGENET1K_V1: resnet34V1, DEFAULT: resnet34V1 } as const

/** Weights of ResNet-50, trained on ImageNet-1k: the paper's recipe, and torchvision's newer and better one. */
export const ResNet50Weights = {
  IMAGENET1K_V1: resnet50V1,
  IMAGENET1K_V2: resnet50V2,
  DEFAULT: resnet50V2,
} as const
