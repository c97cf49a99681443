import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'

import type { Reply, Request } from './protocol.ts'
import { residentBytes } from './resident.ts'

/** How a contender's process is started. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv | undefined
}

/** A library that is measured, in a process of its own that is started at the first request and kept. */
export class Contender {
  #process: ChildProcessWithoutNullStreams | undefined
  #lines: AsyncIterator<string> | undefined
  #errors = ''

  constructor(
    readonly name: string,
    readonly command: Command,
  ) {}

  /** The same library in a process that has done nothing yet. */
  fresh(): Contender {
    return new Contender(this.name, this.command)
  }

  /** A process that dies, or that can't be started, is an absent peer with the reason. */
  async ask(request: Request): Promise<Reply> {
    this.#process ??= this.#start()
    this.#process.stdin.write(`${JSON.stringify(request)}\n`)
    for (;;) {
      const line = await this.#lines!.next()
      if (line.done) return { absent: await this.#reason() }
      // Libraries print greetings.
      if (line.value.startsWith('{')) return JSON.parse(line.value) as Reply
    }
  }

  /** Most memory that the process and its children have had resident, in bytes. */
  peakBytes(): number | undefined {
    const pid = this.#process?.pid
    return pid === undefined ? undefined : residentBytes(pid, 'VmHWM')
  }

  stop(): void {
    this.#process?.kill()
    this.#process = undefined
  }

  #start(): ChildProcessWithoutNullStreams {
    const { file, args, env } = this.command
    const child = spawn(file, args, { env: { ...process.env, ...env } })
    this.#errors = ''
    child.stderr.on(
      'data',
      (bytes: Buffer) => (this.#errors = (this.#errors + bytes.toString()).slice(-4000)),
    )
    child.on('error', (error) => (this.#errors += `\n${error.message}`))
    // Its end is seen on stdout.
    child.stdin.on('error', () => undefined)
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    return child
  }

  async #reason(): Promise<string> {
    const child = this.#process
    // What it said last may still be under way.
    if (child?.exitCode === null) await new Promise((resolve) => child.once('close', resolve))
    this.#process = undefined
    const said = this.#errors.split('\n').filter((line) => line.trim() !== '')
    return said.at(-1) ?? 'its process ended without a word'
  }
}
