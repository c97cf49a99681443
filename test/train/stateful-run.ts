import {
  DataLoader,
  Generator,
  nn,
  optim,
  Tensor,
  TensorDataset,
  trainModel,
  type TrainEvent,
  type TrainModelOptions,
} from '../../src/index.ts'

/** What differs between the runs of the tests. */
export interface Setup {
  readonly make?: (model: nn.Module) => optim.Optimizer
  readonly samples?: number
  readonly batchSize?: number
  readonly classes?: number
  readonly validate?: boolean
  /** Features before the last layer, in hundreds: the size of a checkpoint. */
  readonly width?: number
}

/**
 * A run with all that has a state: BatchNorm, Dropout, momentum, a scheduler by metric, shuffled batches of augmented
 * samples. Each call makes the same.
 */
export function statefulRun(setup: Setup = {}) {
  const { samples = 22, batchSize = 4, classes = 2, validate = true, width = 1 } = setup
  const make = setup.make ?? ((model) => new optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }))
  const generator = new Generator(3)
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1, generator: generator.split() }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(100, 100 * width, { generator: generator.split() }),
    new nn.ReLU(),
    new nn.Linear(100 * width, classes, { generator: generator.split() }),
  )
  const labels = Array.from({ length: samples }, (_, index) => index % classes)
  const inputs = Tensor.zeros([samples, 1, 5, 5])
  inputs.data.forEach((_, index) => {
    inputs.data[index] = generator.normal(labels[Math.floor(index / 25)]! - 0.5, 2)
  })
  const fixed = new TensorDataset(inputs, Tensor.from(labels, 'int32'))
  const augmented = {
    length: samples,
    get: (index: number, draws: Generator) => {
      const { input, label } = fixed.get(index)
      const noisy = input.clone()
      noisy.data.forEach((value, at) => (noisy.data[at] = Number(value) + draws.normal(0, 0.1)))
      return { input: noisy, label }
    },
  }
  const optimizer = make(model)
  const options = {
    dataloaders: {
      train: new DataLoader(augmented, { batchSize, shuffle: true, generator: generator.split() }),
      ...(validate && {
        val: new DataLoader(augmented, { batchSize, shuffle: true, generator: generator.split() }),
      }),
    },
    criterion: new nn.CrossEntropyLoss(),
    optimizer,
    scheduler: new optim.ReduceLROnPlateau(optimizer, { patience: 0, factor: 0.5 }),
    generator: generator.split(),
    numEpochs: 4,
    progress: false,
    engine: 'inline',
  } satisfies TrainModelOptions
  return { model, options }
}

/** All that a run ends with, but for the time that it took. */
export async function endOf(
  { model, options }: ReturnType<typeof statefulRun>,
  extra: Partial<TrainModelOptions> = {},
) {
  const events: TrainEvent[] = []
  const result = await trainModel(model, {
    ...options,
    ...extra,
    callbacks: [(event) => void events.push(event), ...(extra.callbacks ?? [])],
  })
  const { history, bestAccuracy, bestEpoch } = result
  const end = {
    history: history.map((metrics) => ({ ...metrics, seconds: 0 })),
    bestAccuracy,
    bestEpoch,
    model: model.stateDict(),
    optimizer: options.optimizer.stateDict(),
    scheduler: options.scheduler.stateDict(),
    draws: [
      options.generator.state(),
      ...Object.values(options.dataloaders).map(({ generator }) => generator.state()),
    ],
  }
  return { end, events }
}
