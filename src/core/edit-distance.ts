/**
 * Levenshtein's distance: the fewest characters to insert, delete or replace that make `b` of `a`. Row by row through
 * the table of the distances of all beginnings. @see https://en.wikipedia.org/wiki/Levenshtein_distance
 */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let index = 0; index < a.length; index++) {
    const next = [index + 1]
    for (let column = 0; column < b.length; column++) {
      const replaced = row[column]! + (a[index] === b[column] ? 0 : 1)
      next.push(Math.min(replaced, row[column + 1]! + 1, next[column]! + 1))
    }
    row = next
  }
  return row[b.length]!
}

/** The candidate nearest to `name`, the first of equals; `undefined` where none has most of its characters. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Infinity
  for (const candidate of candidates) {
    const longer = Math.max(name.length, candidate.length)
    // The lengths alone put a bound below the distance: most candidates need no table.
    const bound = Math.min(least, Math.floor(0.4 * longer) + 1)
    if (Math.abs(name.length - candidate.length) >= bound) continue
    const distance = editDistance(name, candidate)
    if (distance < bound) [best, least] = [candidate, distance]
  }
  return best
}
