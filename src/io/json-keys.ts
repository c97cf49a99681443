/**
 * A key that some object of a valid JSON text has twice; `JSON.parse` keeps the last and says nothing.
 *
 * @param json - A text that `JSON.parse` takes.
 */
export function duplicateKey(json: string): string | undefined {
  // Strings with the colon after them, if any, and the brackets: nothing else matters for what is a key of what.
  const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"(\s*:)?|[{}]/g
  const open: Set<string>[] = []
  for (const [token, colon] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (colon !== undefined) {
      const key = JSON.parse(token.slice(0, -colon.length)) as string
      const keys = open.at(-1)!
      if (keys.has(key)) return key
      keys.add(key)
    }
  }
  return undefined
}
