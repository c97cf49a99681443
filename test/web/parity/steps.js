// The same in Node and in a page: `library` is onnx-finetune.

/** Networks by name. */
const networks = {
  tiny: ({ nn }, generator) =>
    new nn.Sequential(
      new nn.Conv2d(3, 6, 3, { stride: 2, padding: 1, bias: false, generator }),
      new nn.BatchNorm2d(6),
      new nn.ReLU(),
      new nn.MaxPool2d(3, { stride: 2, padding: 1 }),
      new nn.Conv2d(6, 8, 3, { padding: 1, generator }),
      new nn.BatchNorm2d(8),
      new nn.ReLU(),
      new nn.AdaptiveAvgPool2d(1),
      new nn.Flatten(),
      new nn.Linear(8, 3, { generator }),
    ),
  async resnet18({ models, nn }, generator) {
    const model = await models.resnet18()
    model.fc = new nn.Linear(model.fc.inFeatures, 3, { generator })
    return model
  },
}

/**
 * Always the same weights: from some starts a number comes so near to zero before ReLU that rounding decides of its sign, and ten
 * steps make thousandths of it. docs/measured.md has how often.
 */
export function network(library, name) {
  return networks[name](library, new library.Generator(3))
}

/** Ten steps of fine-tuning from the weights in `start`: the losses; the model has the weights afterwards. */
export async function tenSteps(library, model, { device, size, start, lr }) {
  const { Generator, Tensor, TrainingSession, nn, optim, readStateDict } = library
  model.loadStateDict(await readStateDict(start))
  const optimizer = new optim.SGD(model.parameters(), { lr, momentum: 0.9, weightDecay: 1e-4 })
  const criterion = new nn.CrossEntropyLoss()
  const session = await TrainingSession.create(model, { criterion, optimizer, device })
  const generator = new Generator(1)
  const losses = []
  for (let step = 0; step < 10; step++) {
    const labels = Tensor.zeros([4], 'int32')
    for (let index = 0; index < 4; index++) labels.data[index] = Math.floor(3 * generator.random())
    losses.push((await session.trainStep(squares(library, size, generator), labels)).loss)
  }
  await session.pull()
  await session.close()
  return losses
}

const side = 8

/** Four pictures of coloured squares: like photographs, and unlike noise, they have areas. */
function squares({ Tensor }, size, generator) {
  const across = Math.ceil(size / side)
  const colours = Array.from({ length: 4 * 3 * across ** 2 }, () => 2 * generator.random() - 1)
  const pictures = Tensor.zeros([4, 3, size, size])
  for (let index = 0; index < pictures.size; index++) {
    const [plane, y, x] = [Math.floor(index / size ** 2), Math.floor(index / size) % size, index % size]
    pictures.data[index] = colours[(plane * across + Math.floor(y / side)) * across + Math.floor(x / side)]
  }
  return pictures
}

/** By how much the model's floats differ from those of the file `end`: the largest difference, over the largest value of its tensor. */
export async function furthest(library, model, end) {
  let worst = { key: '', difference: 0 }
  const expected = await library.readStateDict(end)
  const found = model.stateDict()
  for (const [key, { dtype, data }] of expected) {
    if (dtype !== 'float32') continue
    const own = found.get(key).data
    let [largest, difference] = [0, 0]
    for (let index = 0; index < data.length; index++) {
      largest = Math.max(largest, Math.abs(data[index]))
      difference = Math.max(difference, Math.abs(own[index] - data[index]))
    }
    if (!(difference / largest <= worst.difference)) worst = { key, difference: difference / largest }
  }
  return worst
}
