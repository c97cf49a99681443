import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { Tensor } from '../../src/core/tensor.ts'
import { decodeSafetensors } from '../../src/io/safetensors-decode.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { decodeCheckpoint } from '../../src/train/checkpoint-content.ts'
import { applyCheckpoint } from '../../src/train/checkpoint-run.ts'
import { fuzz, type FuzzSeed } from '../io/fuzz.ts'
import { endOf, statefulRun, temporaryFolder } from './checkpoint-support.ts'

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

/** The same bytes with a right hash at their end, so that damage gets past it. Up to 1 MiB. */
function resealed(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sealed = new Uint8Array(bytes)
  const hash = hashOf(hashOf(sealed.subarray(0, -32)))
  sealed.set(hash.subarray(0, sealed.length), Math.max(0, sealed.length - 32))
  return sealed
}

/** Three ways to damage a checkpoint: its bytes; its bytes, but with a right hash; what its state says, in a right file. */
function seedsOf(name: string, bytes: Uint8Array): FuzzSeed[] {
  const { tensors, metadata } = decodeSafetensors(bytes)
  tensors.delete('sha256')
  const seal = Tensor.zeros([32], 'uint8')
  const withState = (state: Uint8Array) =>
    resealed(
      encodeSafetensors(new Map([...tensors, ['sha256', seal]]), {
        ...metadata,
        state: new TextDecoder().decode(state),
      }),
    )
  return [
    { name, bytes },
    { name: `${name}, hash made right`, bytes, wrap: resealed },
    { name: `${name}, its state`, bytes: new TextEncoder().encode(metadata.state), wrap: withState },
  ]
}

it('a damaged checkpoint gives a typed error or a run that fits, and nothing half loaded', async () => {
  const directory = await temporaryFolder()
  await endOf(statefulRun(), { numEpochs: 2, checkpoint: { directory, everySteps: 4, keepLast: Infinity } })
  const names = (await readdir(directory)).filter((name) => name.endsWith('.safetensors'))
  const files = await Promise.all(names.slice(1, 3).map((name) => readFile(join(directory, name))))
  const seeds = files.flatMap((file, index) => seedsOf(names[index + 1]!, new Uint8Array(file)))
  const { model, options } = statefulRun()
  const before = JSON.stringify([...model.stateDict()].map(([name, { shape }]) => [name, shape]))
  const report = await fuzz(
    seeds,
    async (file) => {
      const checkpoint = await decodeCheckpoint(new Uint8Array(file), 'the checkpoint')
      await applyCheckpoint(checkpoint, { model, ...options })
      return checkpoint
    },
    {
      isRight: ({ loop, best }, { name, bytes }, file) => {
        const isWhole = name.includes(',') || Buffer.from(bytes).equals(file)
        return isWhole && loop.history.length === loop.epoch && (best !== undefined || loop.epoch === 0)
      },
    },
  )
  expect(report.refused).toBeGreaterThan(report.cases / 2)
  expect(report.read).toBeGreaterThan(report.cases / 100)
  expect(JSON.stringify([...model.stateDict()].map(([name, { shape }]) => [name, shape]))).toBe(before)
}, 600_000)
