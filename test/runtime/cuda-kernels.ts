import { readFileSync } from 'node:fs'

import type { DType } from '../../src/core/dtype.ts'
import type { Node } from '../../src/graph/graph.ts'
import { opset } from '../../src/graph/serialize.ts'

/** A kernel of the CUDA provider for graphs of our operator set: scripts/cuda-kernels.js says more. */
interface Kernel {
  /** What inputs and outputs are: an element type, or a letter of `types`. Versions of an operator differ in these. */
  readonly signatures: readonly { readonly in: readonly string[]; readonly out: readonly string[] }[]
  /** Element types by letter; a letter that isn't there may be any. */
  readonly types: Readonly<Record<string, string>>
}

const file = new URL('../fixtures/runtime/cuda-kernels.json', import.meta.url)
const list = JSON.parse(readFileSync(file, 'utf8')) as {
  readonly source: string
  readonly opset: number
  readonly kernels: Readonly<Record<string, Kernel>>
}

/** Operators that take or give any number of values: the document names those once. */
const variadic = new Set(['Concat', 'Einsum', 'If', 'Loop', 'Max', 'Mean', 'Min', 'Scan', 'Split', 'Sum'])

const onnxTypes: Readonly<Record<DType, string>> = {
  float32: 'float',
  float64: 'double',
  int32: 'int32',
  int64: 'int64',
  uint8: 'uint8',
  bool: 'bool',
}

/** Why the CUDA provider can't run a node; undefined where it can. */
export function cudaProblem(node: Node): string | undefined {
  if (list.opset !== opset) throw new Error(`the list is for operator set ${list.opset}, not ${opset}`)
  const kernel = list.kernels[node.opType]
  if (!kernel) return `${node.opType} has no kernel`
  const { signatures, types } = kernel
  const isWhole = (letters: readonly string[]) =>
    letters.every((letter) => letter in types || !/[A-Z]/.test(letter))
  const whole = signatures.filter((signature) => isWhole([...signature.in, ...signature.out]))
  const problems = (whole.length > 0 ? whole : signatures).map(
    (signature) => misfit(node, 'in', signature.in, types) ?? misfit(node, 'out', signature.out, types),
  )
  const why = problems.includes(undefined) ? undefined : problems[0]
  return why && `${node.opType} has no kernel for ${why}`
}

/** Which of a node's inputs or outputs isn't what a kernel takes or gives. */
function misfit(
  { opType, inputs, outputs }: Node,
  side: 'in' | 'out',
  letters: readonly string[],
  types: Kernel['types'],
): string | undefined {
  for (const [index, value] of (side === 'in' ? inputs : outputs).entries()) {
    if (!value) continue
    const letter = letters[index] ?? (variadic.has(opType) ? letters.at(-1) : undefined)
    if (letter === undefined) return `${side}put ${index}`
    const known = types[letter] ?? (/[A-Z]/.test(letter) ? undefined : letter)
    if (known === undefined || known.split(' ').includes(onnxTypes[value.dtype])) continue
    return `${onnxTypes[value.dtype]} as ${side}put ${index}`
  }
  return undefined
}
