import {
  DataLoader,
  Generator,
  nn,
  optim,
  Tensor,
  TensorDataset,
  type TrainModelOptions,
} from '../../src/index.ts'

/** Points on both sides of a line, and a linear model that can tell them apart. */
export function separable({ seed = 0, count = 24, lr = 0.5 } = {}) {
  const generator = new Generator(seed)
  const points = Array.from({ length: count }, (_, index) => {
    const side = index % 2
    return { x: [side * 2 - 1 + 0.3 * generator.normal(), generator.normal()], label: side }
  })
  const dataset = new TensorDataset(
    Tensor.from(points.map(({ x }) => x)),
    Tensor.from(
      points.map(({ label }) => label),
      'int32',
    ),
  )
  const loader = (shuffle: boolean) =>
    new DataLoader(dataset, { batchSize: 5, shuffle, generator: generator.split() })
  const model = new nn.Linear(2, 2, { generator: generator.split() })
  const options = {
    dataloaders: { train: loader(true), val: loader(false) },
    criterion: new nn.CrossEntropyLoss(),
    optimizer: new optim.SGD(model.parameters(), { lr }),
    numEpochs: 4,
    progress: false,
    engine: 'inline',
  } satisfies TrainModelOptions
  return { model, dataset, options }
}
