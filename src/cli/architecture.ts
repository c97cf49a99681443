import { FileFormatError } from '../core/errors.ts'
import type { Generator } from '../core/generator.ts'
import type { Tensor } from '../core/tensor.ts'
import { BasicBlock, Bottleneck, ResNet, type ResNetArchitecture } from '../vision/models/resnet.ts'
import { resNetArchitectures } from '../vision/models/resnet-architectures.ts'

/** A ResNet's form as plain data: `run.json` keeps it. */
export interface Architecture {
  readonly block: 'basic' | 'bottleneck'
  readonly layers: readonly [number, number, number, number]
  readonly width: number
}

/** Networks by the names that `--model` takes. */
export const modelNames = Object.keys(resNetArchitectures) as (keyof typeof resNetArchitectures)[]
export type ModelName = (typeof modelNames)[number]

/** The form of a network by its name. */
export function namedArchitecture(name: ModelName): Architecture {
  const { block, layers, width = 64 }: ResNetArchitecture = resNetArchitectures[name]
  return { block: block === BasicBlock ? 'basic' : 'bottleneck', layers, width }
}

/**
 * The form of the ResNet that weights belong to, by their names and shapes.
 *
 * @throws {@link FileFormatError} if they are no ResNet's.
 */
export function architectureOf(weights: ReadonlyMap<string, Tensor>, source: string): Architecture {
  const layers = [1, 2, 3, 4].map((stage) => {
    const blocks = [...weights.keys()].flatMap(
      (name) => new RegExp(`^layer${stage}\\.(\\d+)\\.`).exec(name)?.[1] ?? [],
    )
    return new Set(blocks).size
  })
  const width = weights.get('conv1.weight')?.shape[0]
  if (width === undefined || layers.includes(0) || !weights.has('fc.weight')) {
    throw new FileFormatError(
      `${source} has no weights of a ResNet by torchvision's names (conv1.weight, layer1.0.conv1.weight … fc.weight); it has ` +
        `${[...weights.keys()].slice(0, 4).join(', ')}, …`,
    )
  }
  const block = weights.has('layer1.0.conv3.weight') ? 'bottleneck' : 'basic'
  return { block, layers: layers as [number, number, number, number], width }
}

/** What to call it: torchvision's name where it has one. */
export function nameOf(architecture: Architecture): string {
  const known = modelNames.find((name) => isSame(namedArchitecture(name), architecture))
  return (
    known ??
    `a ResNet of ${architecture.layers.join('+')} ${architecture.block} blocks, ${architecture.width} wide`
  )
}

export function isSame(one: Architecture, other: Architecture): boolean {
  const text = ({ block, layers, width }: Architecture) => [block, ...layers, width].join()
  return text(one) === text(other)
}

/** The network, with the weights given or drawn ones. */
export function buildResNet(
  { block, layers, width }: Architecture,
  options: {
    readonly numClasses?: number
    readonly generator?: Generator
    readonly weights?: ReadonlyMap<string, Tensor>
  },
): ResNet {
  return new ResNet({ block: block === 'basic' ? BasicBlock : Bottleneck, layers, width }, options)
}
