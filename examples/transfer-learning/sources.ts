import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { ArgumentError, models, readStateDict, transforms as T, type TransformLike } from 'onnx-finetune'

import { generateShapes } from '../shapes/generate.ts'
import { recipe as smallRecipe, smallNetwork, view } from '../shapes/small-network.ts'
import type { Options } from './options.ts'

/** How the training goes. */
export interface Recipe {
  readonly epochs: number
  readonly batchSize: number
  readonly lr: number
  /** The learning rate is multiplied by `gamma` after every `stepSize` epochs. */
  readonly stepSize: number
  readonly gamma: number
}

/** Pictures, a pretrained network, and the recipe that suits them. */
export interface Source {
  readonly description: string
  readonly train: string
  readonly val: string
  readonly trainTransform: TransformLike
  readonly valTransform: TransformLike
  readonly mean: readonly number[]
  readonly std: readonly number[]
  readonly recipe: Recipe
  /** A fresh copy of the pretrained network. */
  loadModel(): Promise<models.ResNet>
}

const mean = [0.5, 0.5, 0.5]
const std = [0.25, 0.25, 0.25]

/** Where the tutorial's files are looked for, from the folder that the command runs in. */
const dataPlaces = ['data/hymenoptera_data', '../shared/data/hymenoptera_data']
const weightPlaces = ['data/resnet18.pth', '../shared/weights/resnet18-imagenet.pth']

/** The tutorial's pictures and weights where they are given or found; otherwise drawn pictures and a small network. */
export async function findSource(options: Options): Promise<Source> {
  if (options.drawn) return embeddedSource(options)
  const data = options.data ?? dataPlaces.find(existsSync)
  const weights = options.weights ?? weightPlaces.find(existsSync)
  if (data !== undefined && weights !== undefined) return tutorialSource(data, weights, options)
  if (options.data !== undefined || options.weights !== undefined) {
    const missing = options.data === undefined ? '--data' : '--weights'
    throw new ArgumentError(`${missing} is missing: give both --data and --weights, or none of them`)
  }
  return embeddedSource(options)
}

async function tutorialSource(data: string, weights: string, { epochs = 25 }: Options): Promise<Source> {
  const state = await readStateDict(weights)
  return {
    description: `Using the pictures in ${data} and a ResNet-18 with the weights of ${weights}.`,
    train: join(data, 'train'),
    val: join(data, 'val'),
    ...transformsOf(224, 256),
    recipe: { epochs, batchSize: 4, lr: 0.001, stepSize: 7, gamma: 0.1 },
    loadModel: () => models.resnet18({ weights: state }),
  }
}

async function embeddedSource({ epochs, out, seed }: Options): Promise<Source> {
  const directory = join(out, 'drawn-ants-and-bees')
  await generateShapes({ directory, seed })
  return {
    description:
      'Using drawn ants and bees, and a small network that was trained on other drawings: the tutorial’s pictures and ' +
      'weights are not here. Give --data and --weights for a ResNet-18 on photographs.',
    train: join(directory, 'train'),
    val: join(directory, 'val'),
    ...transformsOf(view.size, view.resized, view.cropScale),
    recipe: { ...smallRecipe, ...(epochs !== undefined && { epochs }) },
    loadModel: smallNetwork,
  }
}

/** The tutorial's transforms, for pictures of `size` pixels; `scale` is the random crops' share of the area. */
function transformsOf(size: number, resized: number, scale?: readonly [number, number]) {
  const toNormalized = [new T.ToTensor(), new T.Normalize(mean, std)]
  return {
    mean,
    std,
    trainTransform: new T.Compose([
      new T.RandomResizedCrop(size, { scale }),
      new T.RandomHorizontalFlip(),
      ...toNormalized,
    ]),
    valTransform: new T.Compose([new T.Resize(resized), new T.CenterCrop(size), ...toNormalized]),
  }
}
