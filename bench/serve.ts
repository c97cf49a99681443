/** A process that is measured: `node serve.js <module that exports answer> <settings as JSON>`. */
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

import type { Answer, Repeats, Reply, Request, Settings } from './protocol.ts'

const [module = '', settings = ''] = process.argv.slice(2)
const { answer } = (await import(pathToFileURL(module).href)) as { answer: Answer }

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line) as Request, JSON.parse(settings) as Settings, timeSteps).catch(
    (error: unknown): Reply => ({ absent: error instanceof Error ? error.message : String(error) }),
  )
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}
// Libraries may leave threads behind.
process.exit()

async function timeSteps(
  step: () => Promise<unknown>,
  { warmUp, seconds, least, most }: Repeats,
): Promise<Reply> {
  for (let index = 0; index < warmUp; index++) await step()
  const times: number[] = []
  const end = performance.now() + 1000 * seconds
  while (times.length < least || (times.length < most && performance.now() < end)) {
    const began = performance.now()
    await step()
    times.push((performance.now() - began) / 1000)
  }
  return { times }
}
