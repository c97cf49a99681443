import { readFileSync } from 'node:fs'

import { Tensor } from '../../src/core/tensor.ts'

/** A tensor as `make.py` describes it; int64 and non-finite values are texts. */
export interface DescribedTensor {
  readonly dtype: string
  readonly shape: number[]
  readonly values: (number | string | boolean)[]
}

/** The bytes of a fixture. */
export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(fixturePath(name)))
}

export function fixturePath(name: string): string {
  return new URL(`../fixtures/io/${name}`, import.meta.url).pathname
}

export function expectedTensors(name: string): Record<string, DescribedTensor> {
  const all = JSON.parse(readFileSync(fixturePath('expected.json'), 'utf8')) as Record<
    string,
    Record<string, DescribedTensor>
  >
  return all[name]!
}

/** A tensor in the form of the fixtures. */
export function described(tensor: unknown): DescribedTensor {
  if (!(tensor instanceof Tensor)) throw new TypeError('not a tensor')
  const { dtype, shape, data } = tensor as Tensor
  const values = Array.from<number | bigint, number | string | boolean>(data, (value) => {
    if (typeof value === 'bigint') return String(value)
    if (dtype === 'bool') return value === 1
    return Number.isFinite(value) ? value : pythonName(value)
  })
  return { dtype, shape: [...shape], values }
}

function pythonName(value: number): string {
  return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
}
