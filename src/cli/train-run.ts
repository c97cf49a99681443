import { Generator } from '../core/generator.ts'
import { DataLoader } from '../data/data-loader.ts'
import { exportOnnx } from '../io/export-onnx.ts'
import { saveWeights } from '../io/save-weights.ts'
import { weightsMetadata } from '../io/weights-info.ts'
import { CrossEntropyLoss } from '../nn/cross-entropy-loss.ts'
import { Linear } from '../nn/linear.ts'
import { StepLR } from '../optim/lr-scheduler/step-lr.ts'
import { SGD } from '../optim/sgd.ts'
import { trainModel, type TrainResult } from '../train/train-model.ts'
import type { ResNet } from '../vision/models/resnet.ts'
import { preprocessingTransforms } from '../vision/preprocessing.ts'
import { joinPath } from '#platform'
import { buildResNet, nameOf } from './architecture.ts'
import { openTrainingData, type TrainingData } from './data.ts'
import { startModel } from './pretrained.ts'
import { preprocessingFor, trainingTransform } from './preprocessing.ts'
import { savePictures } from './report.ts'
import { checkpointsIn, writeRunFile, type RunFile } from './run-file.ts'
import { percent } from './text.ts'
import type { TrainFlags } from './train.ts'

/**
 * Opens pictures and network. `saved` is the run that goes on: its network then needs no weights, which its checkpoint has.
 */
export async function startRun(
  folder: string,
  flags: TrainFlags,
  saved: RunFile | undefined,
  signal: AbortSignal,
): Promise<Run> {
  const generator = new Generator(flags.seed)
  const start = saved
    ? { model: buildResNet(saved.architecture, { generator }), ...saved }
    : await startModel({ ...flags, generator: generator.split(), signal })
  const preprocessing = saved?.preprocessing ?? preprocessingFor(start.preprocessing, flags.imageSize)
  const data = await openTrainingData(
    folder,
    { train: trainingTransform(preprocessing), val: preprocessingTransforms(preprocessing) },
    { share: flags.valSplit, seed: flags.seed },
  )
  const { strategy, epochs, lr, batchSize, seed, valSplit } = flags
  const file: RunFile = {
    architecture: start.architecture,
    weights: saved?.weights ?? flags.weights,
    classes: data.classes,
    preprocessing,
    recipe: { strategy, epochs, lr, batchSize, seed, valSplit },
  }
  return new Run(start.model, data, file, flags, signal)
}

/** A run, ready to begin or go on. */
class Run {
  #result: TrainResult<ResNet> | undefined

  constructor(
    private readonly model: ResNet,
    private readonly data: TrainingData,
    private readonly file: RunFile,
    private readonly flags: TrainFlags,
    private readonly signal: AbortSignal,
  ) {}

  /** Trains, and saves the run as it goes. */
  async train(): Promise<void> {
    const { model, data, file, flags, signal } = this
    const { strategy, lr, batchSize, seed, epochs } = file.recipe
    await writeRunFile(flags.out, file)
    this.#introduce()
    const generator = new Generator(seed)
    if (strategy === 'head') model.requiresGrad_(false)
    model.fc = new Linear(model.fc.inFeatures, data.classes.length, { generator: generator.split() })
    const loading = { batchSize, numWorkers: flags.workers, signal }
    await using train = new DataLoader(data.train, {
      ...loading,
      shuffle: true,
      generator: generator.split(),
    })
    await using val = new DataLoader(data.val, loading)
    const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9 })
    this.#result = await trainModel(model, {
      dataloaders: { train, val },
      criterion: new CrossEntropyLoss(),
      optimizer,
      scheduler: new StepLR(optimizer, { stepSize: 7, gamma: 0.1 }),
      numEpochs: epochs,
      device: flags.device,
      checkpoint: { directory: checkpointsIn(flags.out) },
      resume: flags.resume ?? false,
      signal,
    })
  }

  /** Writes the model and the report. */
  async finish(): Promise<void> {
    const { model, data, file, flags } = this
    const { bestAccuracy, bestEpoch, history } = this.#result!
    const { classes, preprocessing } = file
    const provenance = {
      model: nameOf(file.architecture),
      weights: file.weights,
      strategy: file.recipe.strategy,
      epochs: String(history.length),
      best_epoch: String(bestEpoch),
      val_accuracy: bestAccuracy.toFixed(4),
    }
    const onnx = joinPath(flags.out, 'model.onnx')
    await exportOnnx(model, { path: onnx, classes, preprocessing, metadata: provenance })
    const metadata = { ...weightsMetadata({ classes, preprocessing }), ...provenance }
    await saveWeights(joinPath(flags.out, 'model.safetensors'), model, { metadata })
    await savePictures(flags.out, {
      model,
      history,
      data: data.val,
      classes,
      preprocessing,
      device: flags.device,
    })
    console.log(
      `${percent(bestAccuracy)} of the validation pictures are right. Everything is in ${flags.out}; next:`,
    )
    console.log(`  npx onnx-finetune predict ${onnx} <pictures>`)
  }

  #introduce(): void {
    const { train, val, classes, skipped } = this.data
    const { architecture, weights, recipe } = this.file
    const [first] = skipped
    if (first) console.error(`skipped ${skipped.length} files, as ${first.path}: ${first.reason}`)
    console.log(
      `${nameOf(architecture)} (weights: ${weights}, strategy: ${recipe.strategy}), classes ${classes.join(', ')}: ` +
        `${train.length} pictures to train on, ${val.length} to validate on`,
    )
  }
}
