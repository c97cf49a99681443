import { createHash } from 'node:crypto'

import { describe, expect, it } from 'vitest'

import { ArgumentError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { stem } from '../../src/graph/recompute.ts'
import { checkpointBlocks, type GradientCheckpointing } from '../../src/nn/checkpoint-blocks.ts'
import { CrossEntropyLoss } from '../../src/nn/cross-entropy-loss.ts'
import { Dropout, Flatten, ReLU, Sequential } from '../../src/nn/layers.ts'
import { Linear } from '../../src/nn/linear.ts'
import type { Module } from '../../src/nn/module.ts'
import { SGD } from '../../src/optim/sgd.ts'
import { buildTraining } from '../../src/runtime/training-graph.ts'
import { TrainingSession } from '../../src/runtime/training-session.ts'
import { BasicBlock, Bottleneck, ResNet } from '../../src/vision/models/resnet.ts'

const criterion = new CrossEntropyLoss()

function randomInputs(shape: readonly number[]): Tensor {
  const [generator, inputs] = [new Generator(1), Tensor.zeros(shape)]
  for (let index = 0; index < inputs.size; index++) inputs.data[index] = generator.normal()
  return inputs
}

/** Losses of three steps, and digests of the state after them: equal to the last bit. */
async function train(model: Module, shape: readonly number[], gradientCheckpointing: GradientCheckpointing) {
  const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 })
  await using session = await TrainingSession.create(model, {
    criterion,
    optimizer,
    device: 'cpu',
    engine: 'inline',
    gradientCheckpointing,
  })
  const [inputs, labels] = [randomInputs(shape), Tensor.from([0, 1], 'int32')]
  const losses: number[] = []
  for (let step = 0; step < 3; step++) losses.push((await session.trainStep(inputs, labels)).loss)
  await session.pull()
  const state = [...model.stateDict()].map(([name, { data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    return [name, createHash('sha256').update(bytes).digest('hex')]
  })
  return { losses, state }
}

const resnet18 = () =>
  new ResNet({ block: BasicBlock, layers: [2, 2, 2, 2] }, { numClasses: 2, generator: new Generator(0) })

const bottlenecks = () =>
  new ResNet(
    { block: Bottleneck, layers: [2, 1, 1, 1], width: 8 },
    { numClasses: 2, generator: new Generator(0) },
  )

function withDropout(): Sequential {
  const generator = new Generator(0)
  const block = () =>
    new Sequential(
      new Linear(12, 12, { generator }),
      new ReLU(),
      new Dropout(),
      new Linear(12, 12, { generator }),
    )
  return new Sequential(new Flatten(), block(), block(), new Linear(12, 2, { generator }))
}

async function convolutions(blocks: readonly string[]): Promise<number> {
  const model = bottlenecks()
  const optimizer = new SGD(model.parameters(), { lr: 0.01 })
  const { program } = await buildTraining(model, [3, 64, 64], criterion, optimizer, 'cpu', { blocks })
  return Buffer.from(program.model).toString('latin1').split('"\x04Conv').length - 1
}

describe('gradient checkpointing', () => {
  it.each([
    ['ResNet-18', resnet18, [2, 3, 64, 64], true],
    ['some blocks of a ResNet-18', resnet18, [2, 3, 64, 64], ['layer1.0', 'layer3', 'layer3.1']],
    ['a model of bottlenecks', bottlenecks, [2, 3, 64, 64], true],
    ['a model with Dropout', withDropout, [2, 3, 2, 2], true],
  ] as const)('gives the same losses, parameters and statistics: %s', async (_, make, shape, option) => {
    expect(await train(make(), shape, option)).toEqual(await train(make(), shape, false))
  })

  it('computes the convolutions of its blocks a second time, and no others', async () => {
    const [none, one, all] = await Promise.all([
      convolutions([]),
      convolutions(['layer1.1']),
      convolutions(checkpointBlocks(bottlenecks(), true)),
    ])
    expect(one - none).toBeGreaterThanOrEqual(3)
    expect(all - none).toBeGreaterThan(4 * (one - none))
  })

  it('computes the convolution before the first block a second time', async () => {
    const blocks = checkpointBlocks(bottlenecks(), true)
    const [without, all] = await Promise.all([
      convolutions(blocks.filter((path) => path !== stem)),
      convolutions(blocks),
    ])
    expect(all - without).toBe(1)
  })

  it('takes the residual blocks and what comes before them for true', () => {
    expect(checkpointBlocks(bottlenecks(), true)).toEqual([
      stem,
      'layer1.0',
      'layer1.1',
      'layer2.0',
      'layer3.0',
      'layer4.0',
    ])
  })

  it('names near modules for one that is not there', async () => {
    const creation = TrainingSession.create(bottlenecks(), { gradientCheckpointing: ['layer1.2'] })
    await expect(creation).rejects.toThrow(ArgumentError)
    await expect(creation).rejects.toThrow(/'layer1\.2'.*layer1\.0/)
  })

  it('says that true finds no blocks', () => {
    expect(() => checkpointBlocks(new Sequential(new Linear(2, 2)), true)).toThrow(
      /finds no blocks in Sequential/,
    )
  })
})
