import { ArgumentError, DataError, throwIfAborted } from '../core/errors.ts'
import { BatchStack } from '../data/collate.ts'
import { DataLoader } from '../data/data-loader.ts'
import { TensorDataset } from '../data/tensor-dataset.ts'
import type { Module } from '../nn/module.ts'
import { TrainingSession, type TrainingSessionOptions } from '../runtime/training-session.ts'
import { Backbone } from './backbone.ts'
import { FixedSamples } from './fixed-samples.ts'

/** How far {@link cacheFeatures} is. */
export interface CacheProgress {
  /** Name of the loader that is read; of a single one `'data'`. */
  readonly phase: string
  /** Samples of it whose features are computed. */
  readonly done: number
  /** Samples in its data set. */
  readonly total: number
}

/** Options of {@link cacheFeatures}. */
export interface CacheFeaturesOptions extends Pick<TrainingSessionOptions, 'device' | 'engine' | 'threads'> {
  /** Samples that go through the backbone at once; the cached loaders keep their own. Default: 16. */
  readonly batchSize?: number | undefined
  /** Stops before the next batch with an {@link AbortError}. */
  readonly signal?: AbortSignal | undefined
  /** Called after each batch. */
  readonly onProgress?: ((progress: CacheProgress) => void) | undefined
}

/** What {@link cacheFeatures} makes of loaders: one of one, and as many by the same names. */
export type CachedLoaders<L> = L extends DataLoader ? DataLoader : { -readonly [P in keyof L]: DataLoader }

/**
 * Computes what comes out of a frozen backbone for every sample, once, so that epochs that train the head alone take
 * milliseconds. The head of `model` is then trained on the loaders that come back, and is the model's all the while:
 * there's nothing to be copied back.
 *
 * **This isn't what PyTorch's tutorial does** when it uses a network as a fixed feature extractor. There the frozen
 * network runs anew in each epoch, in training mode, on augmented pictures. Here
 * - BatchNorm is in evaluation mode: it normalises by its running statistics and leaves them as they are, where the
 *   tutorial normalises by each batch's statistics and moves the running ones;
 * - Dropout below the head doesn't drop;
 * - there is no augmentation: every epoch sees the same picture of a sample.
 *
 * So losses and accuracies are near the tutorial's, but not the same. They are, up to rounding, those of training the
 * whole model with the backbone in evaluation mode: `model.eval(); model.fc.train()`.
 *
 * All features are in memory at once: 4 bytes for each of them, for ResNet-18 2 kB a picture.
 *
 * @param head - Qualified name of the module that the model calls last, `'fc'` or `'classifier'`: a layer, an
 * `nn.Sequential` or a module of your own. What is below it must be frozen.
 * @param dataloaders - Loaders by phase, or one. Their transforms must not draw random numbers; their `collate` must be the
 * default.
 * @returns As many loaders, of features `[N, …]` in place of inputs. Batches, order and generator are those of the loaders
 * that were given; reading the features takes no draw from it. They need no workers.
 * @throws {@link ArgumentError} where there is no such head, the model doesn't end with it, parameters below it aren't
 * frozen, or a sample draws random numbers.
 * @throws {@link DataError} if a loader has no batches, {@link ShapeError} if the head doesn't take the features,
 * {@link AbortError} when `signal` aborts.
 *
 * @example
 * ```ts
 * import { cacheFeatures, DataLoader, models, nn, optim, Tensor, TensorDataset, trainModel } from 'onnx-finetune'
 *
 * const data = new TensorDataset(Tensor.zeros([8, 3, 64, 64]), Tensor.zeros([8], 'int32'))
 * const dataloaders = {
 *   train: new DataLoader(data, { batchSize: 4, shuffle: true }),
 *   val: new DataLoader(data, { batchSize: 4 }),
 * }
 * const model = await models.resnet18()
 * model.requiresGrad_(false)
 * model.fc = new nn.Linear(model.fc.inFeatures, 2)
 *
 * const features = await cacheFeatures(model, 'fc', dataloaders)
 * await trainModel(model.fc, {
 *   dataloaders: features,
 *   criterion: new nn.CrossEntropyLoss(),
 *   optimizer: new optim.SGD(model.fc.parameters(), { lr: 0.001, momentum: 0.9 }),
 *   numEpochs: 25,
 * })
 * // model now classifies pictures with the trained head
 * ```
 * @see https://pytorch.org/tutorials/beginner/transfer_learning_tutorial.html#convnet-as-fixed-feature-extractor
 */
export async function cacheFeatures<L extends DataLoader | Readonly<Record<string, DataLoader>>>(
  model: Module,
  head: string,
  dataloaders: L,
  options: CacheFeaturesOptions = {},
): Promise<CachedLoaders<L>> {
  const backbone = new Backbone(model, head)
  backbone.checkFrozen()
  const isSingle = dataloaders instanceof DataLoader
  const phases = Object.entries<DataLoader>(isSingle ? { data: dataloaders } : { ...dataloaders })
  for (const [phase, loader] of phases) checkLoader(phase, loader)

  const cached: Record<string, DataLoader> = {}
  await using session = await TrainingSession.create(backbone, options)
  for (const [phase, loader] of phases) cached[phase] = await cache(session, phase, loader, options)
  return (isSingle ? cached.data : cached) as CachedLoaders<L>
}

async function cache(
  session: TrainingSession,
  phase: string,
  { dataset, numWorkers, batchSampler, generator, signal }: DataLoader,
  options: CacheFeaturesOptions,
): Promise<DataLoader> {
  const total = dataset.length
  const stack = new BatchStack(total)
  const reading = { batchSize: options.batchSize ?? 16, numWorkers, signal: options.signal }
  let done = 0
  throwIfAborted(options.signal, 'the caching of features')
  for await (const { inputs, labels } of new FixedSamples(dataset).read(`the ${phase} data`, reading)) {
    const features = await session.predict(inputs)
    const rows = new TensorDataset(features, labels)
    for (let row = 0; row < rows.length; row++) stack.add(rows.get(row), done++)
    options.onProgress?.({ phase, done, total })
    throwIfAborted(options.signal, 'the caching of features')
  }
  const { inputs, labels } = stack.batch()
  return new DataLoader(new TensorDataset(inputs, labels), { batchSampler, generator, signal })
}

function checkLoader(phase: string, loader: DataLoader): void {
  if (!(loader instanceof DataLoader)) {
    throw new ArgumentError(
      `${phase} is no DataLoader: its data set is read, so give new DataLoader(dataset, …)`,
    )
  }
  if (loader.collate) {
    throw new ArgumentError(
      `the ${phase} loader has a collate of its own, which is made for samples and not for their features: leave it out`,
    )
  }
  if (loader.length === 0 || loader.dataset.length === 0) {
    throw new DataError(`the ${phase} loader has no batches: check its data set and dropLast`)
  }
}
