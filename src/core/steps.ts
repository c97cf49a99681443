/** Long work in steps, after which other work may have its turn. */
export type Steps<T> = globalThis.Generator<undefined, T, undefined>

/** Does all of it at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Does all of it, with a `pause` after each step. */
export async function finishInTurns<T>(steps: Steps<T>, pause: () => Promise<void>): Promise<T> {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
    await pause()
  }
}

/** Longest stretch of work between two turns, in ms: half a frame. */
const longestStretch = 8

/** A pause for after each of many small steps: it takes a `turn` of the event loop only where the last one was some milliseconds ago. */
export function pauses(turn: () => Promise<void>): () => Promise<void> {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < longestStretch) return
    await turn()
    last = performance.now()
  }
}
