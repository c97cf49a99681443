import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import {
  ResNet18Weights,
  ResNet34Weights,
  ResNet50Weights,
} from '../../../src/vision/models/resnet-weights.ts'
import { picture } from '../../../src/vision/picture.ts'
import {
  Compose,
  type CenterCrop,
  type Normalize,
  type Resize,
} from '../../../src/vision/transforms/transforms.ts'

interface Described {
  readonly url: string
  readonly numParameters: number
  readonly accuracy: readonly [number, number]
  readonly resizeSize: number
  readonly cropSize: number
  readonly mean: readonly number[]
  readonly std: readonly number[]
  readonly interpolation: string
}

const torchvision = JSON.parse(
  readFileSync(new URL('../../fixtures/model-weights/registry.json', import.meta.url), 'utf8'),
) as {
  readonly categoriesSha256: string
  readonly models: Record<string, { readonly default: string; readonly weights: Record<string, Described> }>
}
const ours = { resnet18: ResNet18Weights, resnet34: ResNet34Weights, resnet50: ResNet50Weights }

describe.each(Object.entries(ours))('the weights of %s', (model, registry) => {
  const theirs = torchvision.models[model]!

  it('are those of torchvision, and so is the default', () => {
    expect(Object.keys(registry).sort()).toEqual([...Object.keys(theirs.weights), 'DEFAULT'].sort())
    expect(registry.DEFAULT).toBe(registry[theirs.default as 'DEFAULT'])
  })

  it.each(Object.keys(theirs.weights))('%s have torchvision’s file, numbers and preprocessing', (name) => {
    const weights = registry[name as 'DEFAULT']
    const { resizeSize, cropSize, mean, std, interpolation, ...rest } = theirs.weights[name]!
    const { url, numParameters, accuracy } = weights
    expect({ url, numParameters, accuracy: [accuracy!.top1, accuracy!.top5] }).toEqual(rest)
    expect(weights.preprocessing).toEqual({ resizeSize, cropSize, mean, std, interpolation })
    expect(weights.url).toContain(`-${weights.sha256}.pth`)
    expect(weights.licence).toBe('BSD-3-Clause')
  })
})

it('categories are torchvision’s thousand names, in its order', async () => {
  const categories = await ResNet50Weights.DEFAULT.categories()
  expect(categories).toHaveLength(1000)
  expect([categories[0], categories[309], categories[310]]).toEqual(['tench', 'bee', 'ant'])
  expect(createHash('sha256').update(categories.join('\n')).digest('hex')).toBe(torchvision.categoriesSha256)
})

it('transforms resize, crop the middle and normalize', async () => {
  const transform = ResNet50Weights.IMAGENET1K_V2.transforms()
  expect(transform).toBeInstanceOf(Compose)
  const [resize, crop, , normalize] = transform.transforms
  expect((resize as Resize).size).toBe(232)
  expect((crop as CenterCrop).size).toBe(224)
  expect((normalize as Normalize).std[0]).toBeCloseTo(0.229)
  const grey = picture(300, 260, 3, new Uint8Array(300 * 260 * 3).fill(128))
  const output = await transform.forward(grey, new Generator(0))
  expect(output).toBeInstanceOf(Tensor)
  const { shape, data } = output as Tensor
  expect(shape).toEqual([3, 224, 224])
  expect(data[0]).toBeCloseTo((128 / 255 - 0.485) / 0.229, 5)
})
