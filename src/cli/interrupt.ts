import { exitCodes } from './fail.ts'

const signals = { SIGINT: exitCodes.interrupted, SIGTERM: 143 } as const

/**
 * Ctrl-C, and what a system sends before it shuts down: the first aborts `signal`, the second ends the process at once.
 * Dispose of it after the work.
 */
export class Interrupt {
  readonly #controller = new AbortController()
  #exitCode: number = exitCodes.interrupted

  /** @param words - Said at the first. */
  constructor(private readonly words: string) {
    for (const name of Object.keys(signals)) process.on(name, this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What the process is to end with. */
  get exitCode(): number {
    return this.#exitCode
  }

  [Symbol.dispose](): void {
    for (const name of Object.keys(signals)) process.off(name, this.#onSignal)
  }

  readonly #onSignal = (name: NodeJS.Signals): void => {
    this.#exitCode = signals[name as keyof typeof signals]
    if (this.signal.aborted) process.exit(this.#exitCode)
    console.error(`\n${this.words}`)
    this.#controller.abort()
  }
}
