import { writeFileSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { readStateDict, writePth } from 'onnx-finetune'

import type { IoRequest, Reply, Settings } from '../protocol.ts'
import { residentBytes } from '../resident.ts'

/** Reads the weights, or writes them again: seconds, and the most memory that it took beside what there was. */
export async function io({ work }: IoRequest, { weights }: Settings): Promise<Reply> {
  if (weights === undefined) return { absent: 'there are no weights to read: --weights' }
  const { size: fileBytes } = await stat(weights)
  if (work === 'read') return measured(fileBytes, () => readStateDict(weights))
  const state = await readStateDict(weights)
  const folder = await mkdtemp(join(tmpdir(), 'bench-io-'))
  try {
    return await measured(fileBytes, () => writePth(join(folder, 'weights.pth'), state))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function measured(fileBytes: number, action: () => Promise<unknown>): Promise<Reply> {
  const before = resetPeak()
  const began = performance.now()
  const result = await action()
  const seconds = (performance.now() - began) / 1000
  const extraBytes = (residentBytes(process.pid, 'VmHWM') ?? NaN) - before
  // What was read must not have been collected by then.
  return { times: [seconds], numbers: { fileBytes, extraBytes, isKept: Number(result !== null) } }
}

/** Forgets the most that was resident so far; what is resident now. NaN where there is no /proc. */
function resetPeak(): number {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    return NaN
  }
  return residentBytes(process.pid, 'VmRSS') ?? NaN
}
