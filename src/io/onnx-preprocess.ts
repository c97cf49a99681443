import type { GraphProto } from 'onnx-buf'

import { ArgumentError } from '../core/errors.ts'
import { Tensor } from '../core/tensor.ts'
import { Graph, type Attributes, type Dim, type Value } from '../graph/graph.ts'
import { modelProto } from '../graph/serialize.ts'
import type { Preprocessing } from '../vision/preprocessing.ts'
import type { Interpolation } from '../vision/resize.ts'
import { renameValues } from './onnx-proto.ts'

/**
 * Preprocessing as ONNX: `image`, uint8 `[height, width, 3]` of any size, becomes the model's `input` `[1, 3, H, W]`. ONNX
 * Runtime's antialiased `Resize` of bytes is Pillow's algorithm, in the same fixed point.
 *
 * @see https://onnx.ai/onnx/operators/onnx__Resize.html
 */
export function prependPreprocessing(graph: GraphProto, description: Preprocessing, input: string): void {
  const front = modelProto(preprocessingGraph(description)).graph!
  const [made] = front.output
  renameValues(front, (name) => {
    if (name === made!.name) return input
    return name === 'image' ? name : `preprocessing/${name}`
  })
  graph.node = [...front.node, ...graph.node]
  graph.initializer = [...front.initializer, ...graph.initializer]
  graph.input = [...front.input, ...graph.input.filter(({ name }) => name !== input)]
}

/** Throws {@link ArgumentError} for what can't be written as ONNX. */
export function checkInGraph({ resizeSize, cropSize, interpolation }: Preprocessing, opset: number): void {
  const reasons = [
    ...(opset < 18 ? [`the antialiased Resize needs opset 18, not ${opset}`] : []),
    ...(interpolation === 'lanczos' ? ["ONNX's Resize has no lanczos filter; use bilinear or bicubic"] : []),
    ...(cropSize > resizeSize ? [`the crop of ${cropSize} is larger than the resized ${resizeSize}`] : []),
  ]
  if (reasons.length === 0) return
  throw new ArgumentError(
    `preprocessing can't go into the graph: ${reasons.join('; ')}. Or leave preprocessingInGraph out: loadClassifier does it then.`,
  )
}

function preprocessingGraph({ resizeSize, cropSize, mean, std, interpolation }: Preprocessing): Graph {
  const graph = new Graph()
  const build = new Builder(graph)
  const image = graph.input('image', 'uint8', ['height', 'width', 3])
  const planes = build.node(
    'Unsqueeze',
    [build.transposed(image), build.ints([0])],
    [1, 3, 'height', 'width'],
  )
  const size = build.resizedSize(image, resizeSize)
  const resized = build.resized(planes, size, interpolation ?? 'bilinear')
  graph.output(build.normalized(build.cropped(resized, size, cropSize), mean, std))
  return graph
}

class Builder {
  constructor(private readonly graph: Graph) {}

  node(
    opType: string,
    inputs: readonly (Value | undefined)[],
    shape: readonly Dim[],
    attributes: Attributes = {},
  ) {
    const { dtype } = inputs[0]!
    return this.graph.add(opType, inputs, attributes, [{ dtype, shape }]).output()
  }

  ints(values: readonly number[]): Value {
    return this.graph.constant(new Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]))
  }

  floats(values: readonly number[]): Value {
    return this.graph.constant(new Tensor('float32', Float32Array.from(values), [1, values.length, 1, 1]))
  }

  transposed(image: Value): Value {
    return this.node('Transpose', [image], [3, 'height', 'width'], { perm: { ints: [2, 0, 1] } })
  }

  /** Height and width: the shorter edge becomes `size`, the longer one is cut off to whole pixels, as torchvision does. */
  resizedSize(image: Value, size: number): Value {
    const shape = this.graph.add('Shape', [image], {}, [{ dtype: 'int64', shape: [3] }]).output()
    const edges = this.node('Slice', [shape, this.ints([0]), this.ints([2])], [2])
    const shorter = this.node('ReduceMin', [edges, this.ints([0])], [1], { keepdims: { int: 1 } })
    return this.node('Div', [this.node('Mul', [edges, this.ints([size])], [2]), shorter], [2])
  }

  resized(planes: Value, size: Value, interpolation: Interpolation): Value {
    const sizes = this.node('Concat', [this.ints([1, 3]), size], [4], { axis: { int: 0 } })
    return this.node('Resize', [planes, undefined, undefined, sizes], [1, 3, 'rows', 'columns'], {
      coordinate_transformation_mode: { string: 'half_pixel' },
      ...filters[interpolation],
    })
  }

  /** Python's `round` of half the rest: halves go to the even number. */
  cropped(pixels: Value, size: Value, crop: number): Value {
    const two = this.ints([2])
    const rest = this.node('Sub', [size, this.ints([crop, crop])], [2])
    const half = this.node('Div', [rest, two], [2])
    const isOdd = (value: Value): Value => this.node('Mod', [value, two], [2])
    const start = this.node('Add', [half, this.node('Mul', [isOdd(rest), isOdd(half)], [2])], [2])
    const end = this.node('Add', [start, this.ints([crop, crop])], [2])
    return this.node('Slice', [pixels, start, end, this.ints([2, 3])], [1, 3, crop, crop])
  }

  /** In the steps of `ToTensor` and `Normalize`. */
  normalized(pixels: Value, mean: readonly number[], std: readonly number[]): Value {
    const { shape } = pixels
    const to = { to: { int: 1 } }
    const numbers = this.graph.add('Cast', [pixels], to, [{ dtype: 'float32', shape }]).output()
    const unit = this.node('Div', [numbers, this.floats([255])], shape)
    return this.node('Div', [this.node('Sub', [unit, this.floats(mean)], shape), this.floats(std)], shape)
  }
}

const filters: Readonly<Record<Interpolation, Attributes>> = {
  nearest: { mode: { string: 'nearest' }, nearest_mode: { string: 'round_prefer_ceil' } },
  bilinear: { mode: { string: 'linear' }, antialias: { int: 1 }, exclude_outside: { int: 1 } },
  bicubic: {
    mode: { string: 'cubic' },
    antialias: { int: 1 },
    cubic_coeff_a: { float: -0.5 },
    exclude_outside: { int: 1 },
  },
  lanczos: {},
}
