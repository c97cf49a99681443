import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, describe, expect, it } from 'vitest'

import type { DType } from '../../src/core/dtype.ts'
import { ArgumentError, FileSystemError } from '../../src/core/errors.ts'
import { Tensor } from '../../src/core/tensor.ts'
import { decodePth } from '../../src/io/pth-decode.ts'
import { encodePth } from '../../src/io/pth-encode.ts'
import { writePth } from '../../src/io/pth-write.ts'
import { readStateDict } from '../../src/io/read-state-dict.ts'
import { models } from '../../src/index.ts'
import { fixture, fixturePath } from './fixtures.ts'
import { hasPython, runPython } from './pytorch.ts'

type State = Map<string, Tensor>

function range(length: number, dtype: DType = 'float32', shape: readonly number[] = [length]): Tensor {
  return Tensor.from(
    Array.from({ length }, (_, index) => index),
    dtype,
  ).reshape(shape)
}

function state(entries: Record<string, Tensor>): State {
  return new Map(Object.entries(entries))
}

/** As `make.py` makes them in PyTorch. */
function sample(): State {
  const shared = range(6)
  return state({
    float32: Tensor.from([0, -0, 1.5, Infinity, NaN]),
    float64: Tensor.from([[0.1], [-2.5]], 'float64'),
    int32: Tensor.from(
      [
        [[1], [-2]],
        [[3], [-4]],
      ],
      'int32',
    ),
    int64: new Tensor('int64', BigInt64Array.of(2n ** 62n), []),
    uint8: range(255, 'uint8', [3, 5, 17, 1]),
    bool: new Tensor('bool', Uint8Array.of(1, 0), [2]),
    empty: Tensor.zeros([3, 0, 2]),
    'нейрон.模型.weight': Tensor.full([1, 1, 1, 1, 1], 1),
    'tied.a': shared,
    'tied.b': shared.reshape([2, 3]),
  })
}

const folder = mkdtempSync(join(tmpdir(), 'pth-write-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('encodePth', () => {
  it('writes every element type, shape and name as PyTorch does, to the byte', () => {
    expect(Buffer.from(encodePth(sample())).equals(fixture('written.pth'))).toBe(true)
  })

  const written = JSON.parse(readFileSync(fixturePath('written.json'), 'utf8')) as Record<
    string,
    { bytes: number; sha256: string }
  >
  const counted = (count: number, name: (index: number) => string, make: (index: number) => Tensor) =>
    new Map(Array.from({ length: count }, (_, index) => [name(index), make(index)]))
  const scalar = (index: number) => Tensor.from(index, 'int64')

  it.each<[string, State]>([
    ['nothing', new Map()],
    ['one', state({ weight: range(3) })],
    ['twenty', counted(20, (index) => `layer${index}.weight`, range)],
    ['thousand', counted(1000, String, scalar)],
    ['thousand-and-one', counted(1001, (index) => `n.${index}`, scalar)],
    ['large', state({ bytes: Tensor.zeros([70000], 'uint8'), words: range(66000, 'int32', [2, 33000]) })],
  ])('writes %s as PyTorch does, to the byte', (name, tensors) => {
    const bytes = encodePth(tensors)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    expect({ bytes: bytes.length, sha256 }).toEqual(written[name])
  })

  it('writes only the part of a buffer that a tensor lies in', () => {
    const whole = new Float32Array(100_000).fill(7)
    const bytes = encodePth(state({ a: new Tensor('float32', whole.subarray(10, 13), [3]) }))
    expect(bytes.length).toBeLessThan(2000)
    expect(decodePth(bytes)).toEqual(state({ a: Tensor.full([3], 7) }))
  })

  it('is read back bit for bit', () => {
    expect(decodePth(encodePth(sample()))).toEqual(sample())
  })

  it('names what is no tensor', () => {
    const wrong = new Map([['weight', [1, 2]]]) as unknown as State
    expect(() => encodePth(wrong)).toThrow(ArgumentError)
    expect(() => encodePth(wrong)).toThrow(/'weight' is a object/)
  })
})

describe('writePth', () => {
  it('writes the file, and nothing beside it', async () => {
    const path = join(folder, 'weights.pth')
    writeFileSync(path, 'what was there before')
    await writePth(path, sample())
    expect(readFileSync(path).equals(encodePth(sample()))).toBe(true)
    expect(await readStateDict(path, { floats: 'stored' })).toEqual(sample())
    expect(readdirSync(folder)).toEqual(['weights.pth'])
  })

  it('names the path that it cannot write', async () => {
    const path = join(folder, 'no-such-folder', 'weights.pth')
    await expect(writePth(path, sample())).rejects.toThrow(FileSystemError)
    await expect(writePth(path, sample())).rejects.toThrow(path)
  })
})

const read = `
import json, sys, torch
state = torch.load(sys.argv[1], weights_only=True)
print(json.dumps({name: [str(t.dtype), list(t.shape), t.contiguous().view(-1).numpy().tobytes().hex()] for name, t in state.items()}))
`
const load = `
import json, sys, torch, torchvision
model = torchvision.models.resnet18(num_classes=3)
state = torch.load(sys.argv[1], weights_only=True)
keys = model.load_state_dict(state)
again = torch.load(sys.argv[2], weights_only=True, map_location='cpu')
model.load_state_dict(again)
print(json.dumps({'keys': str(keys), 'tracked': str(state['bn1.num_batches_tracked'].dtype),
                  'same': all(torch.equal(state[key], again[key]) for key in state)}))
`

describe.skipIf(!hasPython('torch', 'torchvision'))(
  'PyTorch (skipped where python3 has no torch and torchvision)',
  () => {
    it('reads every bit of it with weights_only', async () => {
      const path = join(folder, 'all.pth')
      await writePth(path, sample())
      const hex = ({ data }: Tensor) =>
        Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')
      const expected = [...sample()].map(([name, tensor]) => [
        name,
        [`torch.${tensor.dtype}`, tensor.shape, hex(tensor)],
      ])
      expect(Object.entries(runPython(read, [path]) as object)).toEqual(expected)
    })

    it('loads a state dict of ours into its own model', async () => {
      const model = await models.resnet18({ numClasses: 3 })
      const [path, again] = [join(folder, 'resnet18.pth'), join(folder, 'again.pth')]
      await writePth(path, model.stateDict())
      await writePth(again, await readStateDict(path))
      expect(runPython(load, [path, again])).toEqual({
        keys: '<All keys matched successfully>',
        tracked: 'torch.int64',
        same: true,
      })
    })
  },
)
