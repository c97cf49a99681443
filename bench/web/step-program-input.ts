/** Numbers for an input of a step: the batch's size for a size that is a name, and for the number of samples. */
export function inputOf(
  {
    name,
    type,
    shape,
  }: { readonly name: string; readonly type: string; readonly shape: readonly (number | string)[] },
  batch: number,
): { readonly type: 'float32' | 'int32'; readonly data: Float32Array | Int32Array; readonly dims: number[] } {
  const dims = shape.map((size) => (typeof size === 'number' ? size : batch))
  const length = dims.reduce((product, size) => product * size, 1)
  if (type === 'int32') return { type, data: new Int32Array(length), dims }
  if (type !== 'float32') throw new Error(`the input ${name} is ${type}: WebGPU has no buffers of it`)
  const value = (index: number) => (name.startsWith('dim:') ? batch : 0.1 + (index % 7) / 100)
  return { type, data: Float32Array.from({ length }, (_, index) => value(index)), dims }
}
