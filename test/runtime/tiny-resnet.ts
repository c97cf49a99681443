import { readFileSync } from 'node:fs'

import { Tensor } from '../../src/core/tensor.ts'
import { bfloat16ToFloat32 } from '../../src/io/half.ts'
import { BasicBlock, ResNet } from '../../src/vision/models/resnet.ts'

/** A tensor of a fixture. */
export interface Packed {
  readonly shape: readonly number[]
  readonly data: string
}
interface Run {
  readonly losses: readonly number[]
  readonly evalLoss: number
  readonly state: Record<string, Packed>
}
/** Twenty steps of PyTorch: test/fixtures/runtime/make.py. */
interface Fixture {
  readonly start: Record<string, Packed>
  readonly x: Packed
  readonly y: number[]
  readonly runs: Record<'finetune' | 'frozen', Run>
}
const file = new URL('../fixtures/runtime/tiny-resnet.json', import.meta.url)
export const fixture = JSON.parse(readFileSync(file, 'utf8')) as Fixture

const bytesOf = ({ data }: Packed) => Uint8Array.from(Buffer.from(data, 'base64'))

/** Numbers of a fixture. */
export function unpack(packed: Packed): Tensor<'float32'> {
  return new Tensor('float32', new Float32Array(bytesOf(packed).buffer), packed.shape)
}

function unpackHalf(packed: Packed): Tensor<'float32'> {
  return new Tensor('float32', bfloat16ToFloat32(new Uint16Array(bytesOf(packed).buffer)), packed.shape)
}

const pixels = Float32Array.from(bytesOf(fixture.x), (byte) => (byte - 128) / 64)
const images = new Tensor('float32', pixels, fixture.x.shape)
const perImage = images.size / fixture.y.length

/** Pictures `from` … `to` of the seven, and their labels. */
export function batchOf(from: number, to: number) {
  const data = images.data.slice(from * perImage, to * perImage)
  return {
    inputs: new Tensor('float32', data, [to - from, ...images.shape.slice(1)]),
    labels: Tensor.from(fixture.y.slice(from, to), 'int32'),
  }
}

/** The network with PyTorch's first weights. */
export function startModel(frozen: boolean): ResNet {
  const model = new ResNet({ block: BasicBlock, layers: [1, 1, 1, 1], width: 4 }, { numClasses: 2 })
  const state = new Map<string, Tensor>(
    Object.entries(fixture.start).map(([key, packed]) => [key, unpackHalf(packed)]),
  )
  for (const [key] of model.namedBuffers())
    if (key.endsWith('num_batches_tracked')) state.set(key, Tensor.zeros([], 'int64'))
  model.loadStateDict(state)
  if (frozen) {
    model.requiresGrad_(false)
    model.fc.requiresGrad_(true)
  }
  return model
}
