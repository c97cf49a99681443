import { packError } from '../core/error-wire.ts'
import { RuntimeError } from '../core/errors.ts'
import { buffersOf } from './copy-in-turns.ts'
import { EngineHost } from './engine-host.ts'
import type { EngineOptions, WireTensors } from './engine.ts'
import type { Method, Request, Response, WorkerLink } from './engine-rpc.ts'

/** Answers requests inside of the worker. */
export function serveEngine(post: WorkerLink['post']): (message: unknown) => Promise<void> {
  let host: EngineHost | undefined
  const call = async (method: Method, args: readonly unknown[]): Promise<unknown> => {
    if (method === 'start') {
      host = await EngineHost.start(args[0] as EngineOptions)
      return undefined
    }
    if (!host) throw new RuntimeError('the engine is not started')
    return (host[method] as (...args: unknown[]) => Promise<unknown>).apply(host, [...args])
  }
  return async (message) => {
    const { id, method, args } = message as Request
    try {
      const result = await call(method, args)
      // What is pulled are copies already.
      post({ id, result } satisfies Response, method === 'pull' ? buffersOf(result as WireTensors) : [])
    } catch (error) {
      post({ id, error: packError(error) } satisfies Response)
    }
  }
}
