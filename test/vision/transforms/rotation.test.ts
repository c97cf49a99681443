import { describe, expect, it } from 'vitest'

import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { RandomRotation } from '../../../src/vision/transforms/random-rotation.ts'
import { rotate, type RotateOptions } from '../../../src/vision/transforms/rotate.ts'
import { decodePicture, mirroredTwin, namedPicture, plain, readFixture, type Encoded } from './fixtures.ts'

type Case = [angle: number, options: RotateOptions, picture: string, expected: Encoded]

describe('rotate', () => {
  it.each(readFixture('rotations.json') as Case[])("gives PIL's bytes: %f° %j of %s", (...args) => {
    const [angle, options, source, expected] = args
    const wanted = plain(decodePicture(expected))
    expect(plain(rotate(namedPicture(source), angle, options))).toEqual(wanted)
    expect(plain(rotate(mirroredTwin(namedPicture(source)), angle, options))).toEqual(wanted)
  })

  it('moves no memory for quarter turns that fit', () => {
    const square = namedPicture('square')
    for (const angle of [0, 90, 180, 270, -90]) expect(rotate(square, angle).data).toBe(square.data)
  })
})

describe('RandomRotation', () => {
  it('draws its angle from the whole range, and from the generator alone', () => {
    const generator = new Generator(5)
    const angles = Array.from({ length: 2000 }, () => RandomRotation.getParams([-30, 10], generator))
    expect(Math.min(...angles)).toBeGreaterThanOrEqual(-30)
    expect(Math.max(...angles)).toBeLessThan(10)
    expect(angles.reduce((sum, angle) => sum + angle) / 2000).toBeCloseTo(-10, -0.5)
    expect(RandomRotation.getParams([-30, 10], new Generator(5))).toBe(angles[0])
  })

  it('applies the angle that it draws', () => {
    const source = namedPicture('rgb')
    const angle = RandomRotation.getParams([-20, 20], new Generator(8))
    const turned = new RandomRotation(20, { interpolation: 'bilinear' }).forward(source, new Generator(8))
    expect(plain(turned)).toEqual(plain(rotate(source, angle, { interpolation: 'bilinear' })))
  })

  it.each([
    [() => new RandomRotation(-1), 'must not be negative'],
    [() => new RandomRotation([10, -10]), 'degrees must be [low, high], not [10, -10]'],
    [() => new RandomRotation(5, { center: [1] as never }), 'center must be [x, y], not [1]'],
    [() => new RandomRotation(5, { interpolation: 'bicubic' as never }), "no interpolation 'bicubic'"],
  ])('says what is wrong with an option: %s', (construct, message) => {
    expect(construct).toThrow(message)
  })

  it('refuses tensors', () => {
    expect(() => new RandomRotation(5).forward(Tensor.zeros([3, 2, 2]), new Generator())).toThrow(
      'put RandomRotation before ToTensor',
    )
  })
})
