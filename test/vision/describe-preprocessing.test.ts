import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { describePreprocessing } from '../../src/vision/describe-preprocessing.ts'
import { preprocessingTransforms } from '../../src/vision/preprocessing.ts'
import * as T from '../../src/vision/transforms/transforms.ts'
import type { TransformLike } from '../../src/vision/transforms/transform.ts'

const description = {
  resizeSize: 256,
  cropSize: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  interpolation: 'bilinear',
} as const

describe('describePreprocessing', () => {
  it('undoes preprocessingTransforms', () => {
    expect(describePreprocessing(preprocessingTransforms(description))).toEqual(description)
    const cubic = { ...description, interpolation: 'bicubic' } as const
    expect(describePreprocessing(preprocessingTransforms(cubic))).toEqual(cubic)
  })

  it('looks into nested Composes, and takes one number for all channels', () => {
    const nested = new T.Compose([
      new T.Compose([new T.Resize(40), new T.CenterCrop([32, 32])]),
      new T.Compose([new T.ToTensor(), new T.Normalize(0.5, [0.25, 0.5, 1])]),
    ])
    const expected = { resizeSize: 40, cropSize: 32, mean: [0.5, 0.5, 0.5], std: [0.25, 0.5, 1] }
    expect(describePreprocessing(nested)).toEqual({ ...expected, interpolation: 'bilinear' })
  })

  it('needs no Normalize', () => {
    const plain = new T.Compose([new T.Resize(40), new T.CenterCrop(32), new T.ToTensor()])
    expect(describePreprocessing(plain)).toMatchObject({ mean: [0], std: [1] })
  })

  it('gives a description back, and refuses what is none', () => {
    expect(describePreprocessing(description)).toEqual(description)
    expect(() => describePreprocessing({ ...description, cropSize: 0 })).toThrow(ArgumentError)
  })

  it.each<[string, TransformLike, RegExp]>([
    [
      'a random transform',
      new T.Compose([new T.RandomResizedCrop(224), new T.ToTensor()]),
      /RandomResizedCrop stands in the way/,
    ],
    [
      'something behind',
      new T.Compose([new T.Resize(9), new T.CenterCrop(8), new T.ToTensor(), new T.RandomErasing()]),
      /RandomErasing stands in the way/,
    ],
    ['a function', (input) => input, /a function stands in the way/],
    [
      'both sizes',
      new T.Compose([new T.Resize([8, 9]), new T.CenterCrop(8), new T.ToTensor()]),
      /one number/,
    ],
    ['no crop', new T.Compose([new T.Resize(8), new T.ToTensor()]), /CenterCrop \(a square\)/],
    ['no square', new T.Compose([new T.Resize(8), new T.CenterCrop([8, 7]), new T.ToTensor()]), /a square/],
    ['no ToTensor', new T.Compose([new T.Resize(8), new T.CenterCrop(8)]), /a step is missing/],
  ])('refuses %s', (_, transform, message) => {
    expect(() => describePreprocessing(transform)).toThrow(ArgumentError)
    expect(() => describePreprocessing(transform)).toThrow(message)
  })
})
