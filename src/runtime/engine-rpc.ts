import { unpackError, type ErrorWire } from '../core/error-wire.ts'
import { RuntimeError, WorkerError } from '../core/errors.ts'
import { buffersOf, copyInTurns } from './copy-in-turns.ts'
import type { Engine, EngineOptions, Program, WireTensors } from './engine.ts'

/**
 * The engine behind a worker's border, the caller's side: serve-engine.ts is the other. A pool (workerpool) sends a call to any worker and comlink has no
 * notice of a worker's death; the engine is one stateful worker whose death must fail what is pending.
 */

/** What the worker is asked for. */
export type Method = keyof Engine | 'start'

/** A call, as it crosses the border. */
export interface Request {
  readonly id: number
  readonly method: Method
  readonly args: readonly unknown[]
}

/** Its answer. */
export interface Response {
  readonly id: number
  readonly result?: unknown
  readonly error?: ErrorWire
}

/** A started worker, as the platform gives it. */
export interface WorkerLink {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void
  onMessage(listener: (message: unknown) => void): void
  /** Called once when the worker is gone, whatever the reason. */
  onExit(listener: (reason: string) => void): void
  /** Whether the worker keeps the process alive. */
  hold(isHeld: boolean): void
  terminate(): Promise<void>
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/**
 * The caller's side: an {@link Engine} that lives in a worker. The worker keeps the process alive while it works
 * for a call, and not beyond: a program that never closes it still ends.
 */
export class RemoteEngine implements Engine {
  readonly #pending = new Map<number, Waiting>()
  #copying: Promise<unknown> = Promise.resolve()
  #nextId = 0
  #isStarted = false
  #closed = false
  #gone: string | undefined

  private constructor(private readonly link: WorkerLink) {
    link.onMessage((message) => {
      const { id, result, error } = message as Response
      const waiting = this.#settle(id)
      if (error) waiting?.reject(unpackError(error))
      else waiting?.resolve(result)
    })
    link.onExit((reason) => {
      this.#gone = reason
      for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(this.#death())
    })
  }

  static async start(link: WorkerLink, options: EngineOptions): Promise<RemoteEngine> {
    const engine = new RemoteEngine(link)
    try {
      await engine.#call('start', [options])
      engine.#isStarted = true
    } catch (error) {
      await link.terminate()
      throw error
    }
    return engine
  }

  async load(name: string, program: Program): Promise<void> {
    const weights = await this.#copied(program.weights ?? {})
    await this.#call('load', [name, { ...program, weights }], [program.model.buffer, ...buffersOf(weights)])
  }

  async run(name: string, feeds: WireTensors, transfer = false): Promise<WireTensors> {
    // A clone of thirty pictures of 224 × 224 would be made at once, too, and copied twice.
    const given = await this.#copied(feeds, transfer)
    return (await this.#call('run', [name, given], buffersOf(given))) as WireTensors
  }

  async push(tensors: WireTensors, transfer = false): Promise<void> {
    const given = await this.#copied(tensors, transfer)
    await this.#call('push', [given, true], buffersOf(given))
  }

  zeros(...args: Parameters<Engine['zeros']>): Promise<void> {
    return this.#callInOrder('zeros', args) as Promise<void>
  }

  pull(...args: Parameters<Engine['pull']>): Promise<WireTensors> {
    return this.#callInOrder('pull', args) as Promise<WireTensors>
  }

  snapshot(...args: Parameters<Engine['snapshot']>): Promise<void> {
    return this.#callInOrder('snapshot', args) as Promise<void>
  }

  restore(...args: Parameters<Engine['restore']>): Promise<void> {
    return this.#callInOrder('restore', args) as Promise<void>
  }

  warnings(): Promise<readonly string[]> {
    return this.#call('warnings', []) as Promise<readonly string[]>
  }

  loseDevice(): Promise<void> {
    return this.#call('loseDevice', []) as Promise<void>
  }

  async close(): Promise<void> {
    if (this.#closed) return
    const closing = this.#gone === undefined ? this.#call('close', []) : Promise.resolve()
    this.#closed = true
    await closing.catch(() => undefined)
    await this.link.terminate()
  }

  /** What is to be transferred, unless it is given away already. A call doesn't overtake an earlier one that copies more. */
  #copied(tensors: WireTensors, transfer = false): Promise<WireTensors> {
    const copies = this.#copying.then(() => (transfer ? tensors : copyInTurns(tensors)))
    this.#copying = copies.catch(() => undefined)
    return copies
  }

  async #callInOrder(method: Method, args: readonly unknown[]): Promise<unknown> {
    await this.#copying
    return this.#call(method, args)
  }

  async #call(
    method: Method,
    args: readonly unknown[],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<unknown> {
    if (this.#closed) {
      throw new RuntimeError(`the engine is closed, ${method} can't run: make a new session`)
    }
    if (this.#gone !== undefined) throw this.#death()
    const id = this.#nextId++
    const result = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }))
    this.link.hold(true)
    try {
      this.link.post({ id, method, args } satisfies Request, transfer)
    } catch (error) {
      this.#settle(id)
      throw error
    }
    return result
  }

  /** Ends the waiting for an answer. */
  #settle(id: number): Waiting | undefined {
    const waiting = this.#pending.get(id)
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.link.hold(false)
    return waiting
  }

  #death(): WorkerError {
    if (!this.#isStarted) return new WorkerError(`the engine's worker can't be started: ${this.#gone ?? ''}`)
    return new WorkerError(
      `the engine's worker is gone (${this.#gone ?? ''}) and with it the weights since the last pull(): ` +
        'make a new session and continue from the last checkpoint. If memory ran out, lower the batch size.',
    )
  }
}
