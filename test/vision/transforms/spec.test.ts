import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../../src/core/errors.ts'
import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { splitForWorker, transformFromSpec, transformToSpec } from '../../../src/vision/transforms/spec.ts'
import {
  applyTransform,
  type Transform,
  type TransformInput,
  type TransformLike,
} from '../../../src/vision/transforms/transform.ts'
import * as T from '../../../src/vision/transforms/transforms.ts'
import { namedPicture, plain } from './fixtures.ts'
import { hidden, RandomInvert, SometimesFlip, Subclass } from './user-transforms.ts'

const toTensor = new T.ToTensor()
const brighten = (input: TransformInput) => input

const sendable: [Transform, TransformInput][] = [
  [new T.Resize(7, { interpolation: 'bicubic', maxSize: 9 }), namedPicture('rgb')],
  [new T.Resize([3, 8]), namedPicture('rgb')],
  [new T.CenterCrop([3, 30]), namedPicture('rgb')],
  [
    new T.RandomCrop(9, { padding: [2, 1], padIfNeeded: true, fill: 3, paddingMode: 'reflect' }),
    namedPicture('grey'),
  ],
  [
    new T.RandomResizedCrop(6, { scale: [0.2, 0.4], ratio: [1, 2], interpolation: 'nearest' }),
    namedPicture('rgb'),
  ],
  [new T.RandomHorizontalFlip(0.9), namedPicture('rgb')],
  [new T.RandomVerticalFlip(0.9), namedPicture('rgb')],
  [
    new T.RandomRotation(60, { interpolation: 'bilinear', expand: true, fill: [1, 2, 3] }),
    namedPicture('rgb'),
  ],
  [
    new T.ColorJitter({ brightness: 0.5, contrast: [0.5, 2], saturation: 0.5, hue: 0.2 }),
    namedPicture('rgb'),
  ],
  [new T.Grayscale(3), namedPicture('rgb')],
  [new T.Pad([1, 2, 3, 4], { paddingMode: 'symmetric' }), namedPicture('rgb')],
  [toTensor, namedPicture('rgb')],
  [new T.Normalize([0.1, 0.2, 0.3], 0.7), Tensor.full([3, 2, 2], 0.3)],
  [new T.RandomErasing({ p: 0.9, value: 'random' }), Tensor.zeros([3, 9, 9])],
  [new RandomInvert(0.9, { below: 200 }), namedPicture('rgb')],
  [
    new T.Compose([new T.Compose([new T.RandomCrop(5), toTensor]), new T.Normalize(0.5, 0.25)]),
    namedPicture('rgb'),
  ],
]

describe('a spec', () => {
  it.each(sendable.map(([transform, input]) => [transform.constructor.name, transform, input] as const))(
    'of %s makes a transform with the same output and the same draws',
    async (_, transform, input) => {
      const spec = JSON.parse(JSON.stringify(transformToSpec(transform))) as never
      const copy = await transformFromSpec(spec)
      expect(copy.constructor).toBe(transform.constructor)
      for (let seed = 0; seed < 5; seed++) {
        const here = new Generator(seed)
        const there = new Generator(seed)
        const expected = plain(await transform.forward(input, here))
        expect(plain(await copy.forward(input, there))).toEqual(expected)
        expect(there.state()).toEqual(here.state())
      }
    },
  )

  it.each<[name: string, transform: TransformLike]>([
    ['a function', brighten],
    ['Lambda', new T.Lambda(brighten)],
    ['a Compose with a function', new T.Compose([toTensor, brighten])],
    ['an object without a class', { forward: brighten, toArguments: () => [] }],
    ["a subclass that inherits its parent's module", new Subclass(1, { below: 9 })],
    ["a built-in's subclass", new SometimesFlip(0.5)],
  ])('is not made of %s', (_, transform) => {
    expect(transformToSpec(transform)).toBeUndefined()
  })

  it('of an unknown class is refused, naming the remedy', async () => {
    await expect(transformFromSpec({ name: 'Solarize', arguments: [] })).rejects.toThrow(
      /no built-in transform 'Solarize'.*static readonly module = import.meta.url/,
    )
    await expect(transformFromSpec({ name: 'constructor', arguments: [] })).rejects.toThrow(ArgumentError)
  })

  it('of a class that its module hides is refused, naming the remedy', async () => {
    await expect(transformFromSpec(transformToSpec(hidden)!)).rejects.toThrow(
      /does not export a transform class named 'Hidden'\. Export the class under its own name/,
    )
  })
})

describe('splitForWorker', () => {
  const flip = new T.RandomHorizontalFlip()
  const normalize = new T.Normalize(0.5, 0.25)

  it.each<[name: string, transform: TransformLike, sent: string[] | undefined, rest: number]>([
    ['all of it', new T.Compose([flip, toTensor]), ['RandomHorizontalFlip', 'ToTensor'], 0],
    ['one transform', flip, ['RandomHorizontalFlip'], 0],
    ['all up to a function', new T.Compose([flip, brighten, toTensor]), ['RandomHorizontalFlip'], 2],
    [
      'into a nested Compose',
      new T.Compose([new T.Compose([flip, toTensor, brighten]), normalize]),
      ['RandomHorizontalFlip', 'ToTensor'],
      2,
    ],
    ['nothing before a function', new T.Compose([brighten, flip]), undefined, 2],
    ['nothing of a function', brighten, undefined, 1],
    ['nothing of nothing', new T.Compose([]), undefined, 0],
  ])('sends %s', async (_, transform, sent, restLength) => {
    const { spec, rest } = splitForWorker(transform)
    const names =
      spec?.name === 'Compose'
        ? (spec.arguments as { name: string }[]).map(({ name }) => name)
        : spec && [spec.name]
    expect(names).toEqual(sent)
    expect(rest instanceof T.Compose ? rest.transforms.length : rest ? 1 : 0).toBe(restLength)
    const [whole, halves] = [new Generator(1), new Generator(1)]
    const expected = await applyTransform(transform, namedPicture('rgb'), whole)
    const first = spec
      ? await (await transformFromSpec(spec)).forward(namedPicture('rgb'), halves)
      : namedPicture('rgb')
    expect(plain(rest ? await applyTransform(rest, first, halves) : first)).toEqual(plain(expected))
  })
})
