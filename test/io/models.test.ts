import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { ArgumentError, DownloadError, FileSystemError, StateDictError } from '../../src/core/errors.ts'
import { sizeOf } from '../../src/core/shape.ts'
import type { Tensor } from '../../src/core/tensor.ts'
import * as models from '../../src/io/models.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { serve, startFaultServer, type FaultServer } from './fault-server.ts'

let server: FaultServer
let root: string
let weights: Map<string, Tensor>
let file: Uint8Array
beforeAll(async () => {
  server = await startFaultServer()
  root = await mkdtemp(join(tmpdir(), 'models-'))
  weights = (await models.resnet18({ numClasses: 3 })).stateDict()
  file = encodeSafetensors(weights)
})
afterAll(async () => {
  await server.close()
  await rm(root, { recursive: true })
})
afterEach(() => {
  vi.unstubAllGlobals()
})

const options = () => ({ cacheDirectory: join(root, 'cache'), progress: false })

function expectLoaded(model: models.ResNet): void {
  expect(model.fc.outFeatures).toBe(3)
  const state = model.stateDict()
  for (const key of ['conv1.weight', 'layer4.1.bn2.running_var', 'fc.bias']) {
    expect(state.get(key)!.equals(weights.get(key)!), key).toBe(true)
  }
}

describe('the models', () => {
  it.each([
    ['resnet18', 11_689_512],
    ['resnet34', 21_797_672],
    ['resnet50', 25_557_032],
  ] as const)('%s has as many parameters as torchvision’s', async (name, count) => {
    const model = await models[name]()
    expect([...model.parameters()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(count)
  })

  it('reject numClasses that is no count', async () => {
    await expect(models.resnet18({ numClasses: 0 })).rejects.toThrow(ArgumentError)
  })
})

describe('weights', () => {
  it('are a state dict', async () => {
    expectLoaded(await models.resnet18({ weights }))
    expectLoaded(await models.resnet18({ weights: Object.fromEntries(weights) }))
  })

  it('are the path of a file', async () => {
    const path = join(root, 'own.safetensors')
    await writeFile(path, file)
    expectLoaded(await models.resnet18({ weights: path }))
    await expect(models.resnet18({ weights: path, numClasses: 2 })).rejects.toThrow(/3 classes/)
    await expect(models.resnet34({ weights: path })).rejects.toThrow(StateDictError)
    await expect(models.resnet18({ weights: join(root, 'none.pth') })).rejects.toThrow(FileSystemError)
  })

  const shared = '../shared/weights/resnet18-imagenet.pth'
  it.skipIf(!existsSync(shared))(`are the path of a .pth (needs ${shared})`, async () => {
    const model = await models.resnet18({ weights: shared })
    expect(model.fc.outFeatures).toBe(1000)
  })

  it('are a URL, as text or not, downloaded once', async () => {
    server.plan(serve(file))
    const url = `${server.url}/own.safetensors`
    expectLoaded(await models.resnet18({ weights: url, ...options() }))
    expectLoaded(await models.resnet18({ weights: new URL(url), ...options() }))
    expect(server.requests).toHaveLength(1)
  })

  it('are an entry of a registry of one’s own', async () => {
    server.plan(serve(file))
    const own = new models.ModelWeights({
      name: 'Flowers',
      url: `${server.url}/flowers.safetensors`,
      sha256: createHash('sha256').update(file).digest('hex').slice(0, 12),
      licence: 'CC0-1.0',
      preprocessing: models.ResNet18Weights.DEFAULT.preprocessing,
      loadCategories: () => Promise.resolve(['rose', 'tulip', 'daisy']),
    })
    expectLoaded(await models.resnet18({ weights: own, ...options() }))
    expect(await own.categories()).toHaveLength(3)
  })

  it('have Hugging Face’s names', async () => {
    const renamed = new Map(
      [...weights].map(([key, tensor]) => [
        key
          .replace(/^conv1/, 'resnet.embedder.embedder.convolution')
          .replace(/^bn1/, 'resnet.embedder.embedder.normalization')
          .replace(/^fc/, 'classifier.1')
          .replace(/downsample\.0/, 'shortcut.convolution')
          .replace(/downsample\.1/, 'shortcut.normalization')
          .replace(/\.conv(\d)/, (_, index) => `.layer.${Number(index) - 1}.convolution`)
          .replace(/\.bn(\d)/, (_, index) => `.layer.${Number(index) - 1}.normalization`)
          .replace(
            /^layer(\d)\.(\d)/,
            (_, stage, block) => `resnet.encoder.stages.${Number(stage) - 1}.layers.${String(block)}`,
          ),
        tensor,
      ]),
    )
    expectLoaded(await models.resnet18({ weights: renamed }))
  })

  it.each([
    ['resnet18', 'DEFAULT', 'resnet18-f37072fd.pth'],
    ['resnet18', 'IMAGENET1K_V1', 'resnet18-f37072fd.pth'],
    ['resnet18', 'ResNet18_Weights.DEFAULT', 'resnet18-f37072fd.pth'],
    ['resnet34', 'DEFAULT', 'resnet34-b627a593.pth'],
    ['resnet50', 'IMAGENET1K_V1', 'resnet50-0676ba61.pth'],
    ['resnet50', 'DEFAULT', 'resnet50-11ad3fa6.pth'],
  ] as const)(
    'of %s named %s are torchvision’s file, which can be put by hand',
    async (model, name, fileName) => {
      const asked: unknown[] = []
      vi.stubGlobal('fetch', (url: unknown) => {
        asked.push(url)
        return Promise.resolve(new Response('', { status: 404 }))
      })
      const error: unknown = await models[model]({ weights: name, ...options() }).catch(
        (thrown: unknown) => thrown,
      )
      expect(asked).toEqual([`https://download.pytorch.org/models/${fileName}`])
      expect(error).toBeInstanceOf(DownloadError)
      expect((error as Error).message).toContain(`put it there: ${join(root, 'cache', fileName)}`)
    },
  )

  it.each(['IMAGENET1K_V9', 'ResNet18_Weights.NONE', 'V1'])(
    'named %s say which names there are',
    async (name) => {
      await expect(models.resnet18({ weights: name })).rejects.toThrow(ArgumentError)
      await expect(models.resnet18({ weights: name })).rejects.toThrow(
        `no weights named '${name}'; there are IMAGENET1K_V1, DEFAULT`,
      )
    },
  )

  it('that are none are refused', async () => {
    await expect(models.resnet18({ weights: 3 as never })).rejects.toThrow(ArgumentError)
  })
})
