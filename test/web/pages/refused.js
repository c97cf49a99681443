// In a page that has the library as `library`.

/** One training step of a small network; the device and why it is that, or the error and its causes. */
export async function trainOnce({ device, weights, isDownload, numWorkers }) {
  const { DataLoader, Tensor, TensorDataset, download, nn, optim, readStateDict, train } = globalThis.library
  try {
    const model = new nn.Linear(4, 2)
    if (isDownload) await download(new URL(weights), { progress: false })
    if (weights) model.loadStateDict(await readStateDict(weights))
    const data = new TensorDataset(Tensor.zeros([4, 4]), Tensor.zeros([4], 'int32'))
    const dataloaders = {
      train: numWorkers ? await pictures(numWorkers) : new DataLoader(data, { batchSize: 4 }),
    }
    const trained = numWorkers ? new nn.Sequential(new nn.Flatten(), new nn.Linear(16 * 16 * 3, 2)) : model
    const optimizer = new optim.SGD(trained.parameters(), { lr: 0.1 })
    const options = { dataloaders, criterion: new nn.CrossEntropyLoss(), optimizer, numEpochs: 1, device }
    let start
    for await (const event of train(trained, options)) if (event.type === 'start') start = event
    return { device: start.device, reason: start.deviceReason }
  } catch (error) {
    return { error: { name: error.name, message: error.message } }
  }
}

/** A step that WebAssembly's memory can't hold, and one with the largest batch that the refusal names. */
export async function trainTooMuch() {
  const { Tensor, TrainingSession, nn, optim } = globalThis.library
  const model = new nn.Sequential(
    new nn.Conv2d(1, 64, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.AdaptiveAvgPool2d(1),
    new nn.Flatten(),
    new nn.Linear(64, 2),
  )
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 })
  const criterion = new nn.CrossEntropyLoss()
  const session = await TrainingSession.create(model, { criterion, optimizer, device: 'wasm' })
  const step = (batch) =>
    session.trainStep(Tensor.zeros([batch, 1, 256, 256]), Tensor.zeros([batch], 'int32'))
  try {
    const error = await step(200).catch(({ name, message }) => ({ name, message }))
    // A part of it: gigabytes take their time.
    const fitting = Math.ceil(Number(/at most (\d+)/.exec(error.message)[1]) / 16)
    const { loss } = await step(fitting)
    return { error, loss }
  } finally {
    await session.close()
  }
}

/** Draws predictions with their captions; the error. */
export async function drawCaptions() {
  const { DataLoader, Tensor, TensorDataset, nn, visualizeModel } = globalThis.library
  const data = new TensorDataset(Tensor.zeros([1, 3, 2, 2]), Tensor.zeros([1], 'int32'))
  const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(12, 2))
  const options = { classes: ['dark', 'light'], numImages: 1, path: 'drawn.png', device: 'wasm' }
  const drawing = visualizeModel(model, new DataLoader(data), options)
  return drawing.then(
    () => ({}),
    ({ name, message }) => ({ error: { name, message } }),
  )
}

/** The same in a worker of the page's. */
export async function drawCaptionsInWorker() {
  const worker = new globalThis.Worker('/tests/pages/captions-worker.js', { type: 'module' })
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(`the worker failed: ${message}`))
    })
  } finally {
    worker.terminate()
  }
}

async function pictures(numWorkers) {
  const { DataLoader, ImageFolder, mountFiles, transforms: T } = globalThis.library
  const root = await mountFiles(new URL('/pictures/manifest.json', location.href))
  const transform = new T.Compose([new T.Resize([16, 16]), new T.ToTensor()])
  return new DataLoader(await ImageFolder.open(`${root}/train`, { transform }), { batchSize: 4, numWorkers })
}
