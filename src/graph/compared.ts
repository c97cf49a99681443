import type { Node, Value } from './graph.ts'

/** These give elements of their first input (`Concat`: of all of them), and change none. */
const movements = new Set([
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Transpose',
  'Gather',
  'Slice',
  'Pad',
  'Concat',
  'Expand',
])

/**
 * Of values that are to be rounded those that mustn't be, since `nodes` compare them for equality with something that isn't:
 * a maximum would equal none of the numbers that it's the largest of. Rounding both is harmless, as it keeps their order:
 * the maximum of rounded numbers is the rounded maximum.
 */
export function comparedExactly(nodes: readonly Node[], rounded: ReadonlySet<Value>): ReadonlySet<Value> {
  const comparisons = nodes
    .filter(({ opType }) => opType === 'Equal')
    .map(({ inputs }) => inputs.flatMap((value) => (value ? sourcesOf(value, rounded) : [])))
  const exact = new Set<Value>()
  const isRounded = (value: Value) => rounded.has(value) && !exact.has(value)
  // What one comparison needs exactly, another may compare with more.
  for (let before = -1; before < exact.size;) {
    before = exact.size
    for (const values of comparisons) {
      if (!values.every(isRounded)) for (const value of values.filter(isRounded)) exact.add(value)
    }
  }
  return exact
}

/** Where the elements of `value` come from. */
function sourcesOf(value: Value, rounded: ReadonlySet<Value>): Value[] {
  const { producer } = value
  if (!producer || rounded.has(value) || !movements.has(producer.opType)) return [value]
  const moved = producer.opType === 'Concat' ? producer.inputs : [producer.input(0)]
  return moved.flatMap((input) => (input ? sourcesOf(input, rounded) : []))
}
