import type { StoredDType } from '../core/dtype.ts'
import { dataTypeOf } from '../graph/data-type.ts'

/**
 * An ONNX model that gives its input `x`, of any shape, back as `y`. It is written out here, field by field of ONNX's
 * protocol buffers, since the worker that hosts the engine needs this one model only, and no library to write others.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function identityModel(dtype: StoredDType): Uint8Array<ArrayBuffer> {
  const type = bytes(1, number(1, dataTypeOf(dtype)))
  const value = (name: string) => [...text(1, name), ...bytes(2, type)]
  const node = [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Identity')]
  const graph = [
    ...bytes(1, node),
    ...text(2, 'identity'),
    ...bytes(11, value('x')),
    ...bytes(12, value('y')),
  ]
  return Uint8Array.from([...number(1, irVersion), ...bytes(7, graph), ...bytes(8, number(2, opset))])
}

/** Old enough for any ONNX Runtime that has WebGPU. */
const [irVersion, opset] = [8, 18]

/** Fields of a message; numbers and lengths are below 128. */
const number = (field: number, value: number): number[] => [field << 3, value]
const bytes = (field: number, content: readonly number[]): number[] => [
  (field << 3) | 2,
  content.length,
  ...content,
]
const text = (field: number, value: string): number[] => bytes(field, [...new TextEncoder().encode(value)])
