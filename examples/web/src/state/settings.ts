/** How the training goes: what the form says, and what is wrong with it. */
import { computed, effect, signal } from '@preact/signals'

import { networks, type NetworkName, type WeightsSource } from '../library/networks.ts'
import { keep, readKept } from '../storage/kept.ts'

export type Strategy = 'head' | 'whole'
export type DeviceChoice = 'auto' | 'webgpu' | 'wasm'

/** All that the form says. Numbers are texts until they are used, so that anything can be typed. */
export interface Settings {
  readonly network: NetworkName
  readonly weights: WeightsSource
  readonly url: string
  /** Of the picked weights file, which is kept apart. */
  readonly fileName: string
  readonly strategy: Strategy
  readonly epochs: string
  readonly learningRate: string
  readonly batchSize: string
  readonly size: string
  readonly augment: boolean
  readonly device: DeviceChoice
}

/** What suits a network. */
export function suitable(network: NetworkName): Partial<Settings> {
  return network === 'small'
    ? { strategy: 'whole', epochs: '10', learningRate: '0.001', batchSize: '4', size: '64' }
    : { strategy: 'head', epochs: '10', learningRate: '0.001', batchSize: '8', size: '224' }
}

const initial: Settings = {
  network: 'small',
  weights: 'imagenet',
  url: '',
  fileName: '',
  strategy: 'whole',
  epochs: '10',
  learningRate: '0.001',
  batchSize: '4',
  size: '64',
  augment: true,
  device: 'auto',
}

const key = 'onnx-finetune.settings'

export const settings = signal<Settings>({ ...initial, ...(readKept(key) as Settings | undefined) })

effect(() => {
  keep(key, settings.value)
})

/** Changes some settings; another network brings along what suits it. */
export function change(changes: Partial<Settings>): void {
  const brought =
    changes.network && changes.network !== settings.value.network ? suitable(changes.network) : {}
  settings.value = { ...settings.value, ...brought, ...changes }
}

export type Problems = { readonly [K in keyof Settings]?: string | undefined }

/** What is wrong, by field; empty when all is well. */
export const problems = computed<Problems>(() => {
  const { network, weights, url, fileName, epochs, learningRate, batchSize, size } = settings.value
  const isSmall = network === 'small'
  const found: Problems = {
    epochs: whole(epochs, 1, 1000),
    batchSize: whole(batchSize, 1, 256),
    size:
      whole(size, 32, 512) ??
      (Number(size) % 32 === 0 ? undefined : 'Take a multiple of 32, as 64, 128 or 224.'),
    learningRate: rate(learningRate),
    url: !isSmall && weights === 'url' ? address(url) : undefined,
    fileName:
      !isSmall && weights === 'file' && fileName === '' ? 'Pick a .pth or .safetensors file.' : undefined,
  }
  return Object.fromEntries(Object.entries(found).filter(([, problem]) => problem !== undefined))
})

/** What the training takes long for, or badly: no mistakes. */
export const hints = computed<Problems>(() => {
  const { network, learningRate, strategy } = settings.value
  const { hint, megabytes } = networks.find(({ name }) => name === network)!
  const rate = Number(learningRate)
  return {
    network: network === 'small' ? hint : `${hint} Its weights are ${megabytes} MB, loaded once.`,
    ...(strategy === 'whole' &&
      rate > 0.05 && { learningRate: 'That is high for a whole network: 0.001 to 0.01 is usual.' }),
  }
})

function whole(text: string, low: number, high: number): string | undefined {
  const value = Number(text)
  if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return undefined
  return `Give a whole number from ${low} to ${high}.`
}

function rate(text: string): string | undefined {
  const value = Number(text)
  return text.trim() !== '' && value > 0 && value <= 10 ? undefined : 'Give a number above 0, as 0.001.'
}

function address(url: string): string | undefined {
  if (!URL.canParse(url, location.href) || url.trim() === '')
    return 'Give the address of a .pth or .safetensors file.'
  return /^https?:$/.test(new URL(url, location.href).protocol)
    ? undefined
    : 'Give an address that begins with https://.'
}
