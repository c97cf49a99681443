import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'

import { WorkerError } from '../../src/core/errors.ts'
import { Generator } from '../../src/core/generator.ts'
import type { SampleTask } from '../../src/data/sample-task.ts'
import { workerEntry } from '../../src/platform/node-worker-entry.ts'
import { createSamplePool, type SamplePool } from '../../src/platform/sample-pool.ts'

const handlers = new URL('../fixtures/data/handlers.ts', import.meta.url).href
const { signal } = new AbortController()

function open(options: { readonly idleLimit?: number; readonly script?: string } = {}): SamplePool {
  const { path, ...workerThreadOpts } = workerEntry('vision/loader-worker')
  const pool = createSamplePool({ script: path, size: 1, workerThreadOpts, ...options })
  onTestFinished(() => pool.close())
  return pool
}

const task = (handler: string): SampleTask => ({
  items: [
    {
      index: 3,
      handler: `${handlers}#${handler}`,
      payload: { index: 3 },
      generator: new Generator().state(),
    },
  ],
  stack: true,
})

async function threadOf(pool: SamplePool): Promise<number> {
  const result = await pool.run(task('thread'), signal)
  if (result.kind !== 'batch') throw new Error(`expected a batch, not a ${result.kind}`)
  return Number(result.batch.labels.data[0])
}

describe('the pool of a loader', () => {
  it('keeps a worker between tasks', async () => {
    const pool = open()
    expect(await threadOf(pool)).toBe(await threadOf(pool))
  })

  it('ends a worker that has been idle, and starts another one when there is work', async () => {
    const pool = open({ idleLimit: 50 })
    const first = await threadOf(pool)
    await sleep(200)
    expect(await threadOf(pool)).not.toBe(first)
  })

  it('starts another one after close', async () => {
    const pool = open()
    const first = await threadOf(pool)
    await pool.close()
    expect(await threadOf(pool)).not.toBe(first)
  })

  it('is closed in good time when a worker died while it was idle', async () => {
    const pool = open()
    await pool.run(task('dieLater'), signal)
    await sleep(500)
    await expect(pool.run(task('noise'), signal)).rejects.toThrow(WorkerError)
    await pool.close()
    expect(await pool.run(task('noise'), signal)).toMatchObject({ kind: 'batch' })
  })

  it('says so when the worker cannot be started', async () => {
    const pool = open({ script: '/nowhere/worker.js' })
    await expect(pool.run(task('noise'), signal)).rejects.toThrow(
      /worker died while making samples 3.*nowhere/,
    )
  })
})
