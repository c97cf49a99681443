import type { Generator } from '../../core/generator.ts'
import type { Value } from '../../graph/graph.ts'
import { BatchNorm2d } from '../../nn/batch-norm2d.ts'
import { Conv2d } from '../../nn/conv2d.ts'
import { defaultGenerator } from '../../nn/default-generator.ts'
import { normal } from '../../nn/init.ts'
import { AdaptiveAvgPool2d, Flatten, MaxPool2d, ReLU, Sequential } from '../../nn/layers.ts'
import { Linear } from '../../nn/linear.ts'
import { Module } from '../../nn/module.ts'
import type { StateDictLike } from '../../nn/state-dict.ts'
import { add } from '../../ops/elementwise.ts'
import { classesOf } from './weights.ts'

/** ResNet with torchvision's attribute names. @see https://github.com/pytorch/vision/blob/main/torchvision/models/resnet.py */

/** A bias-free convolution with He's initialisation by the fan out, as torchvision's. */
function convolution(
  [inChannels, outChannels]: readonly [number, number],
  kernelSize: number,
  stride: number,
  generator: Generator,
): Conv2d {
  const padding = (kernelSize - 1) / 2
  const conv = new Conv2d(inChannels, outChannels, kernelSize, { stride, padding, bias: false, generator })
  conv.weight = normal(conv.weight.shape, Math.sqrt(2 / (outChannels * kernelSize ** 2)), generator)
  return conv
}

function shortcut(
  channels: readonly [number, number],
  stride: number,
  generator: Generator,
): Sequential | undefined {
  if (stride === 1 && channels[0] === channels[1]) return undefined
  return new Sequential(convolution(channels, 1, stride, generator), new BatchNorm2d(channels[1]))
}

/** Two 3×3 convolutions and a shortcut: the block of ResNet-18 and 34. */
export class BasicBlock extends Module {
  static override readonly name: string = 'BasicBlock'

  static readonly expansion = 1
  conv1: Module
  bn1: Module
  relu: Module
  conv2: Module
  bn2: Module
  downsample?: Module

  constructor(inChannels: number, width: number, stride: number, generator: Generator) {
    super()
    this.conv1 = convolution([inChannels, width], 3, stride, generator)
    this.bn1 = new BatchNorm2d(width)
    this.relu = new ReLU()
    this.conv2 = convolution([width, width], 3, 1, generator)
    this.bn2 = new BatchNorm2d(width)
    const downsample = shortcut([inChannels, width], stride, generator)
    if (downsample) this.downsample = downsample
  }

  forward(x: Value): Value {
    const y = this.relu.call(this.bn1.call(this.conv1.call(x)))
    const residual = this.bn2.call(this.conv2.call(y))
    return this.relu.call(add(residual, this.downsample?.call(x) ?? x))
  }
}

/** 1×1, 3×3, 1×1 convolutions and a shortcut: the block of ResNet-50. The stride is in the 3×3, as torchvision's. */
export class Bottleneck extends Module {
  static override readonly name: string = 'Bottleneck'

  static readonly expansion = 4
  conv1: Module
  bn1: Module
  conv2: Module
  bn2: Module
  conv3: Module
  bn3: Module
  relu: Module
  downsample?: Module

  constructor(inChannels: number, width: number, stride: number, generator: Generator) {
    super()
    const out = width * Bottleneck.expansion
    this.conv1 = convolution([inChannels, width], 1, 1, generator)
    this.bn1 = new BatchNorm2d(width)
    this.conv2 = convolution([width, width], 3, stride, generator)
    this.bn2 = new BatchNorm2d(width)
    this.conv3 = convolution([width, out], 1, 1, generator)
    this.bn3 = new BatchNorm2d(out)
    this.relu = new ReLU()
    const downsample = shortcut([inChannels, out], stride, generator)
    if (downsample) this.downsample = downsample
  }

  forward(x: Value): Value {
    const y = this.relu.call(this.bn1.call(this.conv1.call(x)))
    const z = this.relu.call(this.bn2.call(this.conv2.call(y)))
    const residual = this.bn3.call(this.conv3.call(z))
    return this.relu.call(add(residual, this.downsample?.call(x) ?? x))
  }
}

/** Options of the models. */
export interface ResNetOptions {
  /** Default: as many as the weights have, without weights 1000. */
  readonly numClasses?: number | undefined
  /** Draws the initial weights. Default: one of its own for each model, the same in each run of a program. */
  readonly generator?: Generator | undefined
  /** Tensors with torchvision's keys to start from: `await readStateDict('resnet18.pth')`. */
  readonly weights?: StateDictLike | undefined
}

/** What distinguishes the members of the family. */
export interface ResNetArchitecture {
  readonly block: typeof BasicBlock | typeof Bottleneck
  /** Blocks of each of the four stages. */
  readonly layers: readonly [number, number, number, number]
  /** Channels of the first stage; each further one doubles them. Default: 64. */
  readonly width?: number
}

// `fc` is read as the Linear that the constructor makes, and can be replaced by any head.
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export interface ResNet {
  get fc(): Linear
  set fc(head: Module)
}

/**
 * A residual network for pictures `[N, 3, H, W]`, giving logits `[N, numClasses]`.
 *
 * @throws {@link StateDictError} naming the keys, where the weights are of another network.
 * @throws {@link ArgumentError} where the weights are no state dict, or have another number of classes.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class ResNet extends Module {
  static override readonly name: string = 'ResNet'

  conv1: Module
  bn1: Module
  relu: Module
  maxpool: Module
  layer1: Module
  layer2: Module
  layer3: Module
  layer4: Module
  avgpool: Module

  constructor({ block, layers, width = 64 }: ResNetArchitecture, options: ResNetOptions = {}) {
    super()
    const { weights, generator = defaultGenerator() } = options
    const numClasses = classesOf(options) ?? 1000
    let channels = width
    const stage = (index: number, stride: number): Sequential => {
      const stageWidth = width * 2 ** index
      const blocks = Array.from({ length: layers[index]! }, (_, position) => {
        const made = new block(channels, stageWidth, position === 0 ? stride : 1, generator)
        channels = stageWidth * block.expansion
        return made
      })
      return new Sequential(...blocks)
    }
    this.conv1 = convolution([3, width], 7, 2, generator)
    this.bn1 = new BatchNorm2d(width)
    this.relu = new ReLU()
    this.maxpool = new MaxPool2d(3, { stride: 2, padding: 1 })
    this.layer1 = stage(0, 1)
    this.layer2 = stage(1, 2)
    this.layer3 = stage(2, 2)
    this.layer4 = stage(3, 2)
    this.avgpool = new AdaptiveAvgPool2d(1)
    this.fc = new Linear(channels, numClasses, { generator })
    if (weights) this.loadStateDict(weights)
  }

  forward(x: Value): Value {
    const stem = this.maxpool.call(this.relu.call(this.bn1.call(this.conv1.call(x))))
    const features = [this.layer1, this.layer2, this.layer3, this.layer4].reduce(
      (y, layer) => layer.call(y),
      stem,
    )
    return (this.fc as Module).call(new Flatten(1).forward(this.avgpool.call(features)))
  }
}
