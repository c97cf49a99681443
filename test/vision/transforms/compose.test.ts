import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../../src/core/errors.ts'
import { Generator } from '../../../src/core/generator.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import type { Picture } from '../../../src/vision/picture.ts'
import { Compose } from '../../../src/vision/transforms/compose.ts'
import { Lambda } from '../../../src/vision/transforms/lambda.ts'
import { Normalize } from '../../../src/vision/transforms/normalize.ts'
import { RandomVerticalFlip } from '../../../src/vision/transforms/random-flip.ts'
import { ToTensor } from '../../../src/vision/transforms/to-tensor.ts'
import { namedPicture, plain } from './fixtures.ts'

class Doubled extends Normalize {
  override forward(input: Tensor): Tensor<'float32'> {
    return new Tensor(
      'float32',
      Float32Array.from(input.data as Float32Array, (value) => 2 * value),
      input.shape,
    )
  }
}

describe('Compose', () => {
  const source = namedPicture('rgb')

  it('takes objects and functions, in their order, with one generator', () => {
    const seen: string[] = []
    const spy = (name: string) => (picture: Picture, generator: Generator) => {
      seen.push(`${name} ${generator.integer(0, 1000)}`)
      return picture
    }
    const result = new Compose([spy('a'), new Lambda(spy('b')), new Compose([spy('c')])]).forward(
      source,
      new Generator(3),
    )
    expect(result).toBe(source)
    const generator = new Generator(3)
    expect(seen).toEqual(['a', 'b', 'c'].map((name) => `${name} ${generator.integer(0, 1000)}`))
  })

  it('waits for a step that gives a promise, and only then gives one', async () => {
    const later = (picture: Picture) => Promise.resolve(picture)
    const steps = [new RandomVerticalFlip(), new ToTensor(), new Normalize(0.5, 0.25)]
    const expected = new Compose(steps).forward(source, new Generator(1))
    expect(expected).toBeInstanceOf(Tensor)
    const result = new Compose([later, ...steps]).forward(source, new Generator(1))
    expect(result).toBeInstanceOf(Promise)
    expect(plain(await result)).toEqual(plain(expected as Tensor))
  })

  it('does not take a subclass of Normalize for Normalize', () => {
    const result = new Compose([new ToTensor(), new Doubled(0, 1)]).forward(source, new Generator()) as Tensor
    expect(plain(result)).toEqual(plain(new Doubled(0, 1).forward(new ToTensor().forward(source))))
  })

  it.each([
    [
      () => new Compose([ToTensor as never]),
      'transform 0 is the class ToTensor itself; write new ToTensor(…)',
    ],
    [
      () => new Compose([new ToTensor(), undefined as never]),
      'transform 1 is undefined; expected a transform or a function',
    ],
    [() => new Lambda(3 as never), 'Lambda needs a function, not 3'],
    [
      () => new Compose([(() => undefined) as never, new ToTensor()]).forward(source, new Generator()),
      'ToTensor works on pictures, but was given undefined',
    ],
  ])('says what is wrong: %s', (act, message) => {
    expect(act).toThrow(ArgumentError)
    expect(act).toThrow(message)
  })
})
