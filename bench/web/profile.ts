/**
 * What each operator takes of the device in a training step of ResNet-18 on WebGPU, by ONNX Runtime's own profile, in Node:
 *
 *     npx tsx -C onnx-finetune-source bench/web/profile.ts [--work frozen] [--batch 4] [--size 224] [--steps 2] [--by shapes]
 *
 * VK_ICD_FILENAMES chooses the driver: see scripts/lavapipe/make.sh. The first step, which compiles programs, isn't counted.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

import { InferenceSession, Tensor } from 'onnxruntime-node'

import type { Work } from './protocol.ts'
import { inputOf } from './step-program-input.ts'
import { stepProgram } from './step-program.ts'

/** What ONNX Runtime writes of each command for the device. */
interface Entry {
  readonly cat: string
  /** Node, operator and program, with & between. */
  readonly name: string
  /** Microseconds. */
  readonly dur: number
  readonly args: { readonly shapes?: string }
}

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'finetune' },
    batch: { type: 'string', default: '4' },
    size: { type: 'string', default: '224' },
    steps: { type: 'string', default: '2' },
    by: { type: 'string', default: 'operator' },
  },
})
const steps = Number(values.steps)

const { model, weights } = await stepProgram(values.work as Work, Number(values.size))
const folder = mkdtempSync(join(tmpdir(), 'onnx-finetune-profile-'))
const session = await InferenceSession.create(model, {
  executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
  graphOptimizationLevel: 'all',
  externalData: [...weights].map(([path, data]) => ({ path, data })),
  enableProfiling: true,
  profileFilePrefix: join(folder, 'step'),
})
const feeds = session.inputMetadata.map((input) => {
  const { type, data, dims } = inputOf(input, Number(values.batch))
  return [input.name, new Tensor(type, data, dims)] as const
})
for (let step = 0; step <= steps; step++) await session.run(Object.fromEntries(feeds))
session.endProfiling()

const file = readdirSync(folder)[0]!
const entries = (JSON.parse(readFileSync(join(folder, file), 'utf8')) as Entry[]).filter(
  ({ cat }) => cat === 'Api',
)
rmSync(folder, { recursive: true })
const counted = entries.slice(entries.length / (steps + 1))
const groups = new Map<string, number[]>()
for (const entry of counted) groups.set(keyOf(entry), [...(groups.get(keyOf(entry)) ?? []), entry.dur])
const seconds = (times: readonly number[]) => times.reduce((sum, time) => sum + time, 0) / 1e6 / steps
console.log(
  `${counted.length / steps} operators, ${seconds(counted.map(({ dur }) => dur)).toFixed(2)} s a step`,
)
const sorted = [...groups].sort(([, one], [, other]) => seconds(other) - seconds(one))
for (const [key, times] of sorted.slice(0, 40))
  console.log(`${seconds(times).toFixed(4)} s ${String(times.length / steps).padStart(5)} × ${key}`)

function keyOf({ name, args }: Entry): string {
  const operator = name.split('&')[1] ?? name
  return values.by === 'shapes' ? `${operator} ${args.shapes ?? ''}` : operator
}
