import type { InferenceSession } from 'onnxruntime-node'

/** Numbers for an input of a step: the batch's size for a size that is a name, and for the number of samples. */
export function inputOf(
  input: InferenceSession.ValueMetadata,
  batch: number,
): { readonly type: 'float32' | 'int32'; readonly data: Float32Array | Int32Array; readonly dims: number[] } {
  const { name } = input
  if (!input.isTensor) throw new Error(`the input ${name} is no tensor`)
  const dims = input.shape.map((size) => (typeof size === 'number' ? size : batch))
  const length = dims.reduce((product, size) => product * size, 1)
  if (input.type === 'int32') return { type: 'int32', data: new Int32Array(length), dims }
  if (input.type !== 'float32')
    throw new Error(`the input ${name} is ${input.type}: WebGPU has no buffers of it`)
  const value = (index: number) => (name.startsWith('dim:') ? batch : 0.1 + (index % 7) / 100)
  return { type: 'float32', data: Float32Array.from({ length }, (_, index) => value(index)), dims }
}
