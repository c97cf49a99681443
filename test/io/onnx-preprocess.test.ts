import * as node from 'onnxruntime-node'
import * as web from 'onnxruntime-web'
import { describe, expect, it } from 'vitest'

import { Generator } from '../../src/core/generator.ts'
import type { Tensor } from '../../src/core/tensor.ts'
import { exportOnnx } from '../../src/io/export-onnx.ts'
import { Identity, Sequential } from '../../src/nn/layers.ts'
import { picture, type Picture } from '../../src/vision/picture.ts'
import { preprocessingTransforms, type Preprocessing } from '../../src/vision/preprocessing.ts'
import { classes, preprocessing, smallClassifier } from './small-classifier.ts'

/** Noise, which shows every difference between filters. */
function noisyPicture(height: number, width: number): Picture {
  const generator = new Generator(height * 1000 + width)
  const bytes = Uint8Array.from({ length: height * width * 3 }, () => generator.integer(0, 256))
  return picture(height, width, 3, bytes)
}

/** The graph's preprocessing by ONNX Runtime, beside ours (which has Pillow's bytes), in units of a byte. */
async function compare(
  description: Preprocessing,
  image: Picture,
  runtime: typeof node | typeof web = node,
): Promise<{ largest: number; share: number }> {
  const { bytes } = await exportOnnx(new Sequential(new Identity()), {
    preprocessing: description,
    preprocessingInGraph: true,
    probabilities: false,
  })
  const session = await (runtime as typeof node).InferenceSession.create(bytes)
  const results = await session.run({ image: new runtime.Tensor('uint8', image.data, image.shape) })
  await session.release()
  const ours = (await preprocessingTransforms(description).forward(image, new Generator())) as Tensor
  const theirs = results.output!
  expect(theirs.dims).toEqual([1, ...ours.shape])
  const plane = ours.size / 3
  const levels = Array.from(ours.data, Number).map((value, index) => {
    const level = 255 * description.std[Math.floor(index / plane)]!
    return Math.abs(value - (theirs.data as Float32Array)[index]!) * level
  })
  return { largest: Math.max(...levels), share: levels.filter((value) => value > 0.5).length / levels.length }
}

const sizes = [
  [37, 53],
  [61, 40],
  [20, 20],
  [12, 17],
  [21, 200],
  [119, 33],
] as const

describe('preprocessing in the graph', () => {
  it.each(sizes)(
    'gives Pillow’s pixels but for roundings, of a picture of %i × %i',
    async (height, width) => {
      const { largest, share } = await compare(preprocessing, noisyPicture(height, width))
      expect(largest).toBeLessThan(1.01)
      // ONNX Runtime computes the ratio in float32; of noise, sums close to a half are then rounded otherwise.
      expect(share).toBeLessThan(0.1)
    },
  )

  it.each(['bicubic', 'nearest'] as const)('knows %s', async (interpolation) => {
    const { largest, share } = await compare({ ...preprocessing, interpolation }, noisyPicture(47, 64))
    expect(share).toBeLessThan(0.01)
    if (interpolation !== 'nearest') expect(largest).toBeLessThan(1.01)
  })

  it('is the same in WebAssembly', async () => {
    const { largest, share } = await compare(preprocessing, noisyPicture(64, 47), web)
    expect(largest).toBeLessThan(1.01)
    expect(share).toBeLessThan(0.01)
  })

  it('crops off the same edge where the rest is odd', async () => {
    for (const cropSize of [13, 14, 15, 17, 19]) {
      const { largest } = await compare({ ...preprocessing, cropSize }, noisyPicture(40, 47))
      expect(largest).toBeLessThan(1.01)
    }
  })

  it('gives logits and their softmax', async () => {
    const { bytes, inputNames, outputNames } = await exportOnnx(smallClassifier(), {
      classes,
      preprocessing,
      preprocessingInGraph: true,
    })
    expect(inputNames).toEqual(['image'])
    expect(outputNames).toEqual(['logits', 'probabilities'])
    const session = await node.InferenceSession.create(bytes)
    const { data, shape } = noisyPicture(30, 40)
    const { logits, probabilities } = await session.run({ image: new node.Tensor('uint8', data, shape) })
    await session.release()
    const powers = Array.from(logits!.data as Float32Array, Math.exp)
    const sum = powers.reduce((a, b) => a + b)
    powers.forEach((power, index) => {
      expect((probabilities!.data as Float32Array)[index]).toBeCloseTo(power / sum, 6)
    })
  })
})
