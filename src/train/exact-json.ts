/**
 * JSON that gives every number back as it was: NaN, the infinities and −0 are written as `{ "$number": "NaN" }`. Metrics
 * can be those, and JSON alone makes null of them.
 */
export function stringifyExactly(value: unknown, indent?: number): string {
  return JSON.stringify(
    value,
    (_, item: unknown) => (isPlain(item) ? item : { $number: nameOf(item) }),
    indent,
  )
}

/** The reverse of {@link stringifyExactly}. Throws a `SyntaxError` for what is no JSON. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) => {
    // Assigned to an object, it would change what kind of object that is.
    if (key === '__proto__') return undefined
    if (typeof value !== 'object' || value === null || !('$number' in value)) return value
    return Number(value.$number)
  })
}

function isPlain(item: unknown): boolean {
  return typeof item !== 'number' || (Number.isFinite(item) && !Object.is(item, -0))
}

function nameOf(item: unknown): string {
  return Object.is(item, -0) ? '-0' : String(item)
}
