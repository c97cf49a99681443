// What each bundler is given: the library by its name, nothing else.
import { DataLoader, ImageFolder, mountFiles, nn, optim, trainModel, transforms as T } from 'onnx-finetune'

/** Trains a small network on the pictures of `entries` (`[path, base64]`), with a loader worker; gives the best accuracy. */
globalThis.trainHere = async (entries, device) => {
  const files = entries.map(([path, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const file = new File([bytes], path.split('/').at(-1))
    Object.defineProperty(file, 'webkitRelativePath', { value: path })
    return file
  })
  const folder = await ImageFolder.open(await mountFiles(files), {
    transform: new T.Compose([
      new T.Resize([16, 16]),
      new T.ToTensor(),
      new T.Normalize([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
    ]),
  })
  const loader = new DataLoader(folder, { batchSize: 4, shuffle: true, numWorkers: 1 })
  const model = new nn.Sequential(new nn.Flatten(), new nn.Linear(16 * 16 * 3, 2))
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.001 })
  const options = { criterion: new nn.CrossEntropyLoss(), optimizer, numEpochs: 5, device, progress: false }
  const result = await trainModel(model, { dataloaders: { train: loader, val: loader }, ...options })
  await loader.close()
  return result.bestAccuracy
}
