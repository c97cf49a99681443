/** By name: how pictures are made ready, and who learns. */
const networks = {
  linear: {
    size: ({ Resize }) => new Resize([16, 16]),
    make: ({ nn }, generator) =>
      new nn.Sequential(new nn.Flatten(), new nn.Linear(16 * 16 * 3, 2, { generator: generator.split() })),
  },
  resnet18: {
    size: ({ RandomResizedCrop }) => new RandomResizedCrop(224),
    make: ({ models }) => models.resnet18({ numClasses: 2 }),
  },
}

/**
 * Trains a network on the pictures of a manifest, with loader workers; tells what came of it, and the longest tasks of
 * a page's thread meanwhile: when and how long, in ms, of those over 50 (none where the browser doesn't tell). Runs in Node too.
 */
export async function trainPictures({
  library = globalThis.library,
  folder,
  device,
  network = 'linear',
  numEpochs = 3,
  numWorkers = 2,
}) {
  const { DataLoader, Generator, ImageFolder, mountFiles, nn, optim, train, transforms: T } = library
  const root = folder ?? (await mountFiles(new URL('/pictures/manifest.json', globalThis.location.href)))
  const normalize = new T.Normalize([0.5, 0.5, 0.5], [0.25, 0.25, 0.25])
  const transform = new T.Compose([
    networks[network].size(T),
    new T.RandomHorizontalFlip(),
    new T.ToTensor(),
    normalize,
  ])
  const open = (name) => ImageFolder.open(`${root}/${name}`, { transform })
  const generator = new Generator(5)
  const dataloaders = {
    train: new DataLoader(await open('train'), { batchSize: 4, shuffle: true, generator, numWorkers }),
    val: new DataLoader(await open('val'), { batchSize: 4, generator: generator.split(), numWorkers }),
  }
  const model = await networks[network].make(library, generator)
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.01 })
  const criterion = new nn.CrossEntropyLoss()
  const processors = globalThis.navigator?.hardwareConcurrency
  const found = { processors, workers: [], longTasks: [], warnings: [], losses: [], accuracy: 0 }
  const stopWatching = watchTasks((task) => found.longTasks.push(task))
  for await (const event of train(model, { dataloaders, criterion, optimizer, numEpochs, device })) {
    if (event.type === 'start') Object.assign(found, { device: event.device, reason: event.deviceReason })
    if (event.type === 'warning') found.warnings.push(event.message)
    if (event.type === 'batch' && event.phase === 'train') found.losses.push(event.loss)
    if (event.type === 'epoch') found.accuracy = event.metrics.val.accuracy
  }
  stopWatching()
  found.workers = performance
    .getEntriesByType('resource')
    .map(({ name }) => name.split('/').at(-1))
    .filter((name) => name.endsWith('worker.js'))
  await Promise.all(Object.values(dataloaders).map((loader) => loader.close()))
  return found
}

/** Tells tasks of over 50 ms from now on, where the browser knows them. */
export function watchTasks(tell) {
  const began = performance.now()
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) tell([Math.round(startTime - began), duration])
  })
  if (PerformanceObserver.supportedEntryTypes.includes('longtask')) observer.observe({ type: 'longtask' })
  return () => observer.disconnect()
}

/** How many tasks `watchTasks` tells of where there is one of `ms`. */
export async function countTasksOf(ms) {
  let count = 0
  const stop = watchTasks(() => count++)
  await pause(100)
  const end = performance.now() + ms
  while (performance.now() < end);
  await pause(500)
  stop()
  return count
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
