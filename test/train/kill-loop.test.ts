import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { Generator } from '../../src/index.ts'
import { CheckpointFolder } from '../../src/train/checkpoint-folder.ts'
import { directoryStore } from '../../src/train/checkpoint-store.ts'
import { temporaryFolder } from './checkpoint-support.ts'

/** How often to kill. In full: KILLS=50. */
const kills = Number(process.env.KILLS ?? 2)
const program = fileURLToPath(new URL('../fixtures/train/killed-run.ts', import.meta.url))

/** Runs the program, and kills it (SIGKILL) so many milliseconds after it began. Returns what it said at its end, if it got there. */
async function run(directory?: string, killAfter?: number): Promise<string | undefined> {
  const flags = ['--conditions=onnx-finetune-source', '--import', 'tsx', program]
  const args = [...flags, ...(directory === undefined ? [] : [directory])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  let said: string | undefined
  for await (const line of createInterface(child.stdout)) {
    if (line !== 'began') said = line
    else if (killAfter !== undefined) void sleep(killAfter).then(() => child.kill('SIGKILL'))
  }
  const [code, signal] = (await exit) as [number | null, string | null]
  expect(signal === 'SIGKILL' || code === 0, `exit ${String(code)}, ${String(signal)}`).toBe(true)
  return said
}

/** Where a run in the folder would go on; fails if it had to do without the newest checkpoint. */
async function placeOf(directory: string): Promise<number> {
  const warnings: string[] = []
  const folder = await CheckpointFolder.open(directoryStore(directory))
  const checkpoint = await folder.newest((message) => warnings.push(message))
  expect(warnings).toEqual([])
  return (checkpoint?.loop.step ?? 0) + (checkpoint?.loop.epoch ?? 0)
}

it(
  `ends as a run that was never killed, after ${kills} kills at random moments`,
  async () => {
    const expected = await run()
    const random = new Generator(Date.now())
    let directory = await temporaryFolder()
    let place = 0
    let ended = 0
    for (let kill = 0; kill < kills; kill++) {
      const end = await run(directory, random.integer(0, 400))
      if (end === undefined) {
        const next = await placeOf(directory)
        expect(next).toBeGreaterThanOrEqual(place)
        place = next
        continue
      }
      // It was faster: that was no kill, and the next one hits another run.
      expect(end).toBe(expected)
      kill--
      ended++
      directory = await temporaryFolder()
      place = 0
    }
    expect(await run(directory)).toBe(expected)
    console.log(`${kills} kills; ${ended} runs had ended before; the last one went on from ${place}`)
  },
  60_000 + kills * 20_000,
)
