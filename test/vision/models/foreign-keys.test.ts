import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { StateDictError } from '../../../src/core/errors.ts'
import { Tensor } from '../../../src/core/tensor.ts'
import { fromHuggingFace, fromTimm, isHuggingFaceResNet } from '../../../src/vision/models/foreign-keys.ts'
import { resNetArchitectures } from '../../../src/vision/models/resnet-architectures.ts'
import { ResNet } from '../../../src/vision/models/resnet.ts'

const text = readFileSync(
  new URL('../../fixtures/model-weights/hugging-face-keys.txt', import.meta.url),
  'utf8',
)

/** `[Hugging Face's key, torchvision's]` of each model: the file leaves out what stands beside a running mean. */
const fixtures = text
  .trim()
  .split('\n\n')
  .map((block): [keyof typeof resNetArchitectures, [string, string][]] => {
    const [model, ...lines] = block.split('\n')
    const pairs = lines.flatMap((line) => {
      const pair = line.split(' ') as [string, string]
      if (!line.endsWith('running_mean')) return [pair]
      return ['running_mean', 'running_var', 'num_batches_tracked'].map(
        (name) => pair.map((key) => key.replace('running_mean', name)) as [string, string],
      )
    })
    return [model as keyof typeof resNetArchitectures, pairs]
  })

/** The model's keys and shapes, each tensor full of its own number: drawing millions at random would take seconds. */
function distinctState(model: ResNet): Map<string, Tensor> {
  const named = [...model.namedParameters(), ...model.namedBuffers()]
  return new Map(named.map(([key, { shape, dtype }], index) => [key, Tensor.full(shape, index, dtype)]))
}

const numbered = (keys: readonly string[]) => new Map(keys.map((key, index) => [key, Tensor.from([index])]))

describe.each(fixtures)('%s', (model, pairs) => {
  const torchvision = distinctState(new ResNet(resNetArchitectures[model]))

  it('of Hugging Face has torchvision’s keys, each for its tensor', () => {
    const renamed = fromHuggingFace(numbered(pairs.map(([key]) => key)))
    expect([...renamed.keys()]).toEqual(pairs.map(([, key]) => key))
    expect([...renamed.values()].map((tensor) => tensor.data[0])).toEqual(pairs.map((_, index) => index))
    expect(new Set(renamed.keys())).toEqual(new Set(torchvision.keys()))
  })

  it('of Hugging Face loads, tensor by tensor', () => {
    const state = new Map(pairs.map(([theirs, ours]) => [theirs, torchvision.get(ours)!]))
    expect(isHuggingFaceResNet(state)).toBe(true)
    const loaded = new ResNet(resNetArchitectures[model], { weights: fromHuggingFace(state) })
    for (const [key, tensor] of loaded.stateDict())
      expect(tensor.equals(torchvision.get(key)!), key).toBe(true)
  })

  it('of timm has torchvision’s keys already', () => {
    expect(isHuggingFaceResNet(torchvision)).toBe(false)
    expect([...fromTimm(torchvision)]).toStrictEqual([...torchvision])
  })
})

describe('Hugging Face’s names', () => {
  it('may lack the classifier and its prefix, as a bare ResNetModel’s do', () => {
    const [, pairs] = fixtures[0]!
    const bare = pairs
      .filter(([key]) => key.startsWith('resnet.'))
      .map(([key]) => key.slice('resnet.'.length))
    expect([...fromHuggingFace(numbered(bare)).keys()]).toEqual(
      pairs.flatMap(([, key]) => (key.startsWith('fc.') ? [] : [key])),
    )
  })

  it('of another network are refused', () => {
    const state = numbered(['vit.embeddings.cls_token', 'vit.encoder.layer.0.weight', 'a', 'b'])
    expect(() => fromHuggingFace(state)).toThrow(StateDictError)
    expect(() => fromHuggingFace(state)).toThrow(/have no vit\.embeddings\.cls_token, .*, a and 1 more/)
  })
})

describe('timm’s relatives of the plain ResNets', () => {
  it.each([
    ['conv1.0.weight', 'resnet50d'],
    ['layer2.0.downsample.2.weight', 'averages in its shortcuts'],
    ['layer1.0.se.fc1.weight', 'attention'],
    ['stages.0.blocks.0.conv1.weight', 'resnetv2_50'],
  ])('are known by %s', (key, architecture) => {
    const state = numbered(['layer1.0.conv1.weight', key])
    expect(() => fromTimm(state)).toThrow(StateDictError)
    expect(() => fromTimm(state)).toThrow(architecture)
    expect(() => fromTimm(state)).toThrow(key)
  })
})
