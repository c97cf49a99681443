/**
 * What goes wrong for users, case by case, by the public surface: a typed error that names the thing and says what to
 * do. Each part's own tests go deeper.
 */
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import type { Worker } from 'node:worker_threads'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import {
  AbortError,
  ArgumentError,
  DataError,
  DataLoader,
  encodeJpeg,
  FileFormatError,
  FileSystemError,
  Generator,
  ImageError,
  ImageFolder,
  nn,
  NonFiniteLossError,
  optim,
  picture,
  readStateDict,
  RuntimeError,
  saveImage,
  ShapeError,
  StateDictError,
  Tensor,
  TensorDataset,
  trainModel,
  TrainingSession,
  transforms as T,
  WorkerError,
} from '../src/index.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bad-input-'))
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

const whole = encodeJpeg(picture(8, 8, 3, new Uint8Array(8 * 8 * 3).fill(90)))

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
  return path
}

/** The first sample of the folder. */
async function firstSample(transform: T.Compose = new T.Compose([new T.ToTensor()])) {
  const folder = await ImageFolder.open(root, { transform })
  return folder.get(0, new Generator(0))
}

async function expectError(
  work: Promise<unknown>,
  type: abstract new (...args: never[]) => Error,
  ...message: (string | RegExp)[]
): Promise<void> {
  const error = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(error).toBeInstanceOf(type)
  for (const part of message) expect((error as Error).message).toMatch(part)
}

const classifier = () => new nn.Linear(4, 2, { generator: new Generator(0) })
const options = (model: nn.Module) => ({
  criterion: new nn.CrossEntropyLoss(),
  optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
  device: 'cpu' as const,
})

function loaderOf(value = 1): DataLoader {
  return new DataLoader(new TensorDataset(Tensor.full([6, 4], value), Tensor.zeros([6], 'int32')), {
    batchSize: 2,
  })
}

async function withSession(use: (session: TrainingSession) => Promise<void>): Promise<void> {
  const model = classifier()
  const session = await TrainingSession.create(model, { ...options(model), engine: 'inline' })
  try {
    await use(session)
  } finally {
    await session.close()
  }
}

describe('a picture', () => {
  it('a truncated JPEG', async () => {
    const path = write('ants/1.jpg', whole.subarray(0, whole.length / 2))
    await expectError(firstSample(), ImageError, path, 'truncated', 'download it again')
  })

  it('a text file named .jpg', async () => {
    const path = write('ants/1.jpg', '<html>404</html>')
    await expectError(firstSample(), ImageError, path, 'a text file, not a picture', 'download it again')
  })

  it('a 0-byte file', async () => {
    const path = write('ants/1.jpg', '')
    await expectError(firstSample(), ImageError, path, 'empty (0 bytes)', 'download it again')
  })

  it('a 1×1 image is enlarged, or named where it is too small to be cropped', async () => {
    const path = write('ants/1.jpg', encodeJpeg(picture(1, 1, 3, Uint8Array.of(9, 9, 9))))
    const enlarge = new T.Compose([new T.Resize(16), new T.CenterCrop(14), new T.ToTensor()])
    expect((await firstSample(enlarge)).input.shape).toEqual([3, 14, 14])
    const crop = new T.Compose([new T.RandomCrop(14), new T.ToTensor()])
    await expectError(firstSample(crop), DataError, path, 'RandomCrop', 'padIfNeeded')
  })

  it('a 20,000-pixel-wide header is refused before anything is allocated', async () => {
    const large = whole.slice()
    const frame = large.findIndex((byte, at) => byte === 0xff && (large[at + 1]! & 0xfe) === 0xc0)
    new DataView(large.buffer, large.byteOffset).setUint32(frame + 5, (20_000 << 16) | 20_000)
    const path = write('ants/1.jpg', large)
    const before = process.memoryUsage().arrayBuffers
    await expectError(firstSample(), ImageError, path, '20000 × 20000', 'maxPixels')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24)
  })

  it('an unreadable file', async () => {
    mkdirSync(join(root, 'ants'))
    symlinkSync(join(root, 'nowhere'), join(root, 'ants/1.jpg'))
    await expectError(firstSample(), FileSystemError, join(root, 'ants/1.jpg'), 'does not exist')
  })
})

describe('a folder of pictures', () => {
  it('an empty class folder', async () => {
    write('ants/1.jpg', whole)
    mkdirSync(join(root, 'bees'))
    await expectError(ImageFolder.open(root), DataError, 'bees', root, 'remove the empty folders')
  })

  it('no classes', async () => {
    write('1.jpg', whole)
    await expectError(ImageFolder.open(root), DataError, root, 'one folder for each class')
  })

  it('one class is listed, as by torchvision, but nothing trains on it', async () => {
    write('ants/1.jpg', whole)
    expect((await ImageFolder.open(root)).classes).toEqual(['ants'])
    const session = await TrainingSession.create(new nn.Linear(2, 1), {
      criterion: new nn.CrossEntropyLoss(),
      engine: 'inline',
    })
    const step = session.evalStep(Tensor.zeros([2, 2]), Tensor.zeros([2], 'int32'))
    await expectError(step, ArgumentError, 'a single one', 'BCEWithLogitsLoss')
  })

  it('a missing folder', async () => {
    const path = join(root, 'train')
    await expectError(ImageFolder.open(path), FileSystemError, path, 'check the path')
  })
})

describe('a batch', () => {
  it("a label outside of the head's range", async () => {
    await withSession(async (session) => {
      const step = session.trainStep(Tensor.zeros([2, 4]), Tensor.from([0, 5], 'int32'))
      await expectError(step, ArgumentError, 'label 5', '2 classes', 'as many outputs')
    })
  })

  it('a wrong shape', async () => {
    await withSession(async (session) => {
      const labels = Tensor.zeros([2], 'int32')
      await expectError(session.trainStep(Tensor.zeros([3, 4]), labels), ShapeError, '[3]', '[2]')
      await session.trainStep(Tensor.zeros([2, 4]), labels)
      await expectError(session.trainStep(Tensor.zeros([2, 5]), labels), ShapeError, '[2, 5]', '[N, 4]')
    })
  })
})

describe('weights', () => {
  it('a wrong state dict', async () => {
    const model = classifier()
    const state = new Map([
      ['weight', Tensor.zeros([9, 4])],
      ['head.bias', Tensor.zeros([2])],
    ])
    const load = Promise.resolve().then(() => model.loadStateDict(state))
    await expectError(load, StateDictError, 'weight', '[9, 4]', 'head.bias', /missing.*: bias/i)
  })

  it('a .pth with code in its pickle', async () => {
    const path = write('evil.pth', readFileSync(new URL('fixtures/io/attack-system.pth', import.meta.url)))
    await expectError(readStateDict(path), FileFormatError, path, 'posix.system', 'model.state_dict()')
  })
})

describe('training', () => {
  it('a NaN loss', async () => {
    const model = classifier()
    const run = trainModel(model, {
      ...options(model),
      dataloaders: { train: loaderOf(NaN) },
      numEpochs: 1,
      progress: false,
    })
    await expectError(
      run,
      NonFiniteLossError,
      'NaN in epoch 0, batch 0',
      'rate 0.1',
      'Lower the learning rate',
    )
  })

  it('an abort in the middle of an epoch', async () => {
    const model = classifier()
    const abort = new AbortController()
    const run = trainModel(model, {
      ...options(model),
      dataloaders: { train: loaderOf() },
      numEpochs: 5,
      progress: false,
      signal: abort.signal,
      callbacks: [
        (event) => {
          if (event.type === 'batch' && event.epoch === 1 && event.batch === 1) abort.abort()
        },
      ],
    })
    await expectError(run, AbortError, 'aborted')
    // The best epoch was the first: its weights were kept.
    expect(model.weight.tensor.toList()).not.toEqual(classifier().weight.tensor.toList())
  })
})

describe('a worker that dies', () => {
  const nextThread = async () => ((await once(process, 'worker')) as [Worker])[0]

  it('of the engine', async () => {
    const model = classifier()
    const thread = nextThread()
    const session = await TrainingSession.create(model, options(model))
    const step = session.trainStep(Tensor.zeros([2, 4]), Tensor.zeros([2], 'int32'))
    const outcome = expectError(step, WorkerError, "engine's worker is gone", 'last checkpoint')
    void (await thread).terminate()
    await outcome
    await session.close()
  })

  it('of the loader', async () => {
    for (let index = 0; index < 4; index++) write(`ants/${index}.jpg`, whole)
    const dataset = await ImageFolder.open(root, { transform: new T.Compose([new T.ToTensor()]) })
    const loader = new DataLoader(dataset, { batchSize: 2, numWorkers: 1 })
    const thread = nextThread()
    const batch = loader[Symbol.asyncIterator]().next()
    const outcome = expectError(
      batch,
      WorkerError,
      'loader worker died while making samples 0, 1',
      'numWorkers: 0',
    )
    void (await thread).terminate()
    await outcome
    await loader.close()
  })
})

describe('the machine', () => {
  it('ONNX Runtime not installed', async () => {
    // A copy of the sources, with all packages but this one.
    const modules = new URL('../node_modules/', import.meta.url).pathname
    for (const name of ['src', 'scripts', 'package.json']) {
      cpSync(new URL(`../${name}`, import.meta.url), join(root, name), { recursive: true })
    }
    mkdirSync(join(root, 'node_modules'))
    for (const name of readdirSync(modules)) {
      if (!name.startsWith('onnxruntime')) symlinkSync(join(modules, name), join(root, 'node_modules', name))
    }
    const program = write(
      'main.ts',
      `import { nn, optim, RuntimeError, TrainingSession } from './src/index.ts'
      const model = new nn.Linear(4, 2)
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
      TrainingSession.create(model, { criterion: new nn.CrossEntropyLoss(), optimizer }).catch((error) => {
        console.log(error instanceof RuntimeError, error.message)
      })`,
    )
    const flags = ['--conditions=onnx-finetune-source', '--import', 'tsx']
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], { cwd: root })
    expect(stdout).toMatch(/^true .*npm install onnxruntime-node/)
  })

  it.skipIf(existsSync('/proc/driver/nvidia'))("device: 'cuda' without CUDA", async () => {
    const model = classifier()
    const session = TrainingSession.create(model, { ...options(model), device: 'cuda' })
    await expectError(session, RuntimeError, "device: 'cuda'", 'CUDA 12', "device: 'cpu'")
  })

  it.skipIf(!canMount())('a full disk when writing results (needs the right to mount one)', async () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', root])
    try {
      const path = write('grid.png', 'the old one')
      const noise = Tensor.from(Array.from({ length: 3 * 300 * 300 }, Math.random))
      const image = new Tensor('float32', noise.data, [3, 300, 300])
      await expectError(saveImage(image, path), FileSystemError, path, 'disk is full', 'unchanged')
      expect(readFileSync(path, 'utf8')).toBe('the old one')
      expect(readdirSync(root)).toEqual(['grid.png'])
    } finally {
      execFileSync('umount', [root])
    }
  })
})

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder])
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true })
  }
}
