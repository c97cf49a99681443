import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'

import { describe, expect, it } from 'vitest'

import { RuntimeError, WorkerError } from '../../src/core/errors.ts'
import { Graph } from '../../src/graph/graph.ts'
import { serialize } from '../../src/graph/serialize.ts'
import type { Engine, Program } from '../../src/runtime/engine.ts'
import { startEngine } from '../../src/runtime/start-engine.ts'

/** An engine and its thread, for a test that kills it from outside. */
async function start(): Promise<{ engine: Engine; thread: Worker }> {
  const threads = once(process, 'worker') as Promise<[Worker]>
  const engine = await startEngine('cpu', { threads: 1 })
  return { engine, thread: (await threads)[0] }
}

const size = 3000

/** A product that keeps a thread busy for a second. */
function longProgram(): Program {
  const graph = new Graph()
  const x = graph.input('x', 'float32', [size, size])
  const y = graph.output(graph.add('MatMul', [x, x], {}, [x]).output())
  return { model: serialize(graph), stateInputs: { x: 'x' }, updates: {}, fetches: [y.name] }
}

describe("an engine's worker that dies", () => {
  it('fails what is pending and what comes later, and can be closed', async () => {
    const { engine, thread } = await start()
    await engine.load('long', longProgram())
    await engine.zeros({ x: { dtype: 'float32', shape: [size, size] } })
    const pending = [engine.run('long', {}), engine.snapshot('a', [])]
    // By then it's computing.
    await setTimeout(20)
    void thread.terminate()
    const outcomes = await Promise.allSettled(pending)
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected' })
      expect((outcome as PromiseRejectedResult).reason).toBeInstanceOf(WorkerError)
    }
    await expect(engine.run('train', {})).rejects.toThrow(WorkerError)
    await expect(engine.run('train', {})).rejects.toThrow(/make a new session and continue from the last/)
    await engine.close()
    await engine.close()
    await expect(engine.run('train', {})).rejects.toThrow(RuntimeError)
  })
})

describe('a program', () => {
  it.each([
    ['ends after its engine was killed', 'killed'],
    ['ends with an engine that was never closed', 'open'],
    ['ends after closing', 'closed'],
  ])('%s', async (_, ending) => {
    const program = fileURLToPath(new URL('../fixtures/runtime/program.ts', import.meta.url))
    const flags = ['--conditions=onnx-finetune-source', '--import', 'tsx']
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program, ending])
    expect(stdout).toBe(`${ending}: 3\n`)
  })
})
