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

async function pictures(numWorkers) {
  const { DataLoader, ImageFolder, mountFiles, transforms: T } = globalThis.library
  const root = await mountFiles(new URL('/pictures/manifest.json', location.href))
  const transform = new T.Compose([new T.Resize([16, 16]), new T.ToTensor()])
  return new DataLoader(await ImageFolder.open(`${root}/train`, { transform }), { batchSize: 4, numWorkers })
}
