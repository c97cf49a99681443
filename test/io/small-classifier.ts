import { Generator } from '../../src/core/generator.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { BatchNorm2d } from '../../src/nn/batch-norm2d.ts'
import { Conv2d } from '../../src/nn/conv2d.ts'
import { AdaptiveAvgPool2d, Flatten, ReLU, Sequential } from '../../src/nn/layers.ts'
import { Linear } from '../../src/nn/linear.ts'
import type { Module } from '../../src/nn/module.ts'
import type { Parameter } from '../../src/nn/parameter.ts'
import { type ModuleBuffer } from '../../src/nn/parameter.ts'

/** What the small classifier's pictures go through. */
export const preprocessing = {
  resizeSize: 20,
  cropSize: 16,
  mean: [0.5, 0.4, 0.3],
  std: [0.25, 0.2, 0.3],
} as const

export const classes = ['ants', 'bees', 'wasps'] as const

/** A convolutional classifier of 16 × 16 pictures whose every weight and statistic is random: nothing cancels out. */
export function smallClassifier(seed = 0): Module {
  const generator = new Generator(seed)
  const model = new Sequential(
    new Conv2d(3, 8, 3, { padding: 1, bias: false, generator }),
    new BatchNorm2d(8),
    new ReLU(),
    new Conv2d(8, 32, 3, { stride: 2, padding: 1, groups: 2, generator }),
    new BatchNorm2d(32),
    new ReLU(),
    new AdaptiveAvgPool2d(1),
    new Flatten(),
    new Linear(32, classes.length, { generator }),
  )
  const draw = (state: Parameter | ModuleBuffer, low: number, high: number): void => {
    const values = Float32Array.from({ length: state.tensor.size }, () => generator.uniform(low, high))
    state.tensor = new Tensor('float32', values, state.shape)
  }
  for (const [, module] of model.namedModules()) {
    if (!(module instanceof BatchNorm2d)) continue
    draw(module.weight!, -1.5, 1.5)
    draw(module.bias!, -0.5, 0.5)
    draw(module.running_mean!, -0.5, 0.5)
    draw(module.running_var!, 0.01, 2)
  }
  return model
}

/** Random inputs of the small classifier, or of another size. */
export function randomInputs(shape: readonly number[] = [3, 3, 16, 16], seed = 1): Tensor {
  const generator = new Generator(seed)
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => generator.normal())
  return new Tensor('float32', values, shape)
}
