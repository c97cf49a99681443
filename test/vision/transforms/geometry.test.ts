import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../../src/core/errors.ts'
import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { crop } from '../../../src/vision/picture.ts'
import { resize, type Interpolation } from '../../../src/vision/resize.ts'
import type { Transform, TransformInput } from '../../../src/vision/transforms/transform.ts'
import * as T from '../../../src/vision/transforms/transforms.ts'
import {
  decodePicture,
  decodeTensor,
  mirroredTwin,
  namedPicture,
  plain,
  readFixture,
  type Encoded,
} from './fixtures.ts'

const types = {
  CenterCrop: T.CenterCrop,
  Pad: T.Pad,
  Resize: T.Resize,
  RandomHorizontalFlip: T.RandomHorizontalFlip,
  RandomVerticalFlip: T.RandomVerticalFlip,
}
type Name = keyof typeof types

function apply(name: Name, options: readonly unknown[], input: TransformInput): TransformInput {
  const transform = new (types[name] as new (...args: readonly unknown[]) => Transform)(...options)
  return transform.forward(input, new Generator()) as TransformInput
}

type PictureCase = [name: Name, options: unknown[], picture: string, expected: Encoded]
const pictureCases = readFixture('geometry.json') as PictureCase[]

describe.each(Object.keys(types) as Name[])('%s of pictures', (name) => {
  const cases = pictureCases.filter(([transform]) => transform === name)

  it.each(cases)("gives torchvision's bytes: %s %j of %s", (_, options, source, expected) => {
    const input = namedPicture(source)
    const wanted = plain(decodePicture(expected))
    expect(plain(apply(name, options, input))).toEqual(wanted)
    expect(plain(apply(name, options, mirroredTwin(input)))).toEqual(wanted)
    expect(plain(input)).toEqual(plain(namedPicture(source)))
  })
})

describe('of tensors', () => {
  const { image, geometry } = readFixture('tensors.json') as {
    image: Encoded
    geometry: [name: Name, options: unknown[], expected: Encoded][]
  }

  it.each(geometry)("gives torchvision's values: %s %j", (name, options, expected) => {
    expect(plain(apply(name, options, decodeTensor(image)))).toEqual(plain(decodeTensor(expected)))
  })

  it('keeps leading dimensions and the element type', () => {
    const batch = new Tensor('int64', BigInt64Array.from([1n, 2n, 3n, 4n]), [2, 1, 1, 2])
    const flipped = new T.RandomHorizontalFlip(1).forward(batch, new Generator()) as Tensor
    expect(flipped.equals(new Tensor('int64', BigInt64Array.from([2n, 1n, 4n, 3n]), [2, 1, 1, 2]))).toBe(true)
  })
})

describe('a resized crop', () => {
  type Case = [
    interpolation: Interpolation,
    box: [number, number, number, number],
    picture: string,
    expected: Encoded,
  ]

  it.each(readFixture('resized-crops.json') as Case[])("has torchvision's bytes: %s %j of %s", (...args) => {
    const [interpolation, box, source, expected] = args
    const wanted = plain(decodePicture(expected))
    expect(plain(resize(namedPicture(source), 6, 8, { interpolation, box }))).toEqual(wanted)
    expect(plain(resize(crop(mirroredTwin(namedPicture(source)), ...box), 6, 8, { interpolation }))).toEqual(
      wanted,
    )
  })
})

describe('Resize', () => {
  it('leaves at least one pixel where torchvision fails', () => {
    const line = namedPicture('line')
    expect(new T.Resize(1, { maxSize: 5 }).forward(line).shape).toEqual([1, 5, 3])
  })

  it('refuses tensors, naming the remedy', () => {
    expect(() => new T.Resize(4).forward(Tensor.zeros([3, 4, 4]))).toThrow(
      'Resize works on pictures, but was given a float32 tensor [3, 4, 4]: put Resize before ToTensor',
    )
  })

  it.each<[construct: () => unknown, message: string]>([
    [() => new T.Resize(0), 'a size is an integer ≥ 1'],
    [() => new T.Resize([3] as never), 'a size is an integer ≥ 1 or [height, width] of such, not [3]'],
    [() => new T.Resize(5, { maxSize: 5 }), 'maxSize 5 must be an integer above the size 5'],
    [() => new T.Resize([5, 5], { maxSize: 9 }), 'maxSize goes with a single number'],
    [() => new T.CenterCrop(2.5), 'not 2.5'],
    [() => new T.Pad([1, 2, 3] as never), 'not [1, 2, 3]'],
    [() => new T.Pad(1, { paddingMode: 'mirror' as never }), "no padding mode 'mirror'"],
    [() => new T.RandomHorizontalFlip(1.5), 'p must be from 0 to 1, not 1.5'],
    [() => new T.RandomVerticalFlip(NaN), 'p must be from 0 to 1, not NaN'],
  ])('says what is wrong with an option: %s', (construct, message) => {
    expect(construct).toThrow(ArgumentError)
    expect(construct).toThrow(message)
  })
})

describe('Pad', () => {
  it('refuses a fill that does not fit the picture', () => {
    const grey = namedPicture('grey')
    expect(() => new T.Pad(1, { fill: [1, 2, 3] }).forward(grey)).toThrow(
      'fill has 3 values, the picture 1 channels',
    )
    expect(() => new T.Pad(1, { fill: 256 }).forward(grey)).toThrow('from 0 to 255')
  })

  it('refuses to crop everything away', () => {
    expect(() => new T.Pad(-5).forward(namedPicture('grey'))).toThrow('leaves nothing of 9 × 14 pixels')
  })
})
