// A run with all that has a state, in a page that has the library as `library`: it may be cut off at any time.

/** The step of the last checkpoint, for those who look in from outside. */
const seen = { step: undefined }
globalThis.seen = seen

/** Each call makes the same. */
function makeRun() {
  const { DataLoader, Generator, Tensor, TensorDataset, nn, optim } = globalThis.library
  const generator = new Generator(3)
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1, generator: generator.split() }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(100, 2, { generator: generator.split() }),
  )
  const labels = Array.from({ length: 42 }, (_, index) => index % 2)
  const inputs = Tensor.zeros([42, 1, 5, 5])
  inputs.data.forEach((_, index) => {
    inputs.data[index] = generator.normal(labels[Math.floor(index / 25)] - 0.5, 2)
  })
  const data = new TensorDataset(inputs, Tensor.from(labels, 'int32'))
  const loader = new DataLoader(data, { batchSize: 4, shuffle: true, generator: generator.split() })
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9 })
  const scheduler = new optim.StepLR(optimizer, { stepSize: 1, gamma: 0.5 })
  const dataloaders = { train: loader, val: loader }
  const criterion = new nn.CrossEntropyLoss()
  return { model, options: { dataloaders, criterion, optimizer, scheduler, generator, numEpochs: 4 } }
}

/** Trains to the end: the loss of each step by its number, the weights, and which step it went on from; or the error. */
export async function run(options, atStep = () => undefined) {
  const { model, options: own } = makeRun()
  const losses = {}
  let [step, resumed] = [0, undefined]
  const result = (more) => ({ losses, resumed, weights: weightsOf(model), ...more })
  keepSessions()
  try {
    for await (const event of globalThis.library.train(model, { ...own, ...options })) {
      if (event.type === 'start') step = resumed = event.resumed?.step
      if (event.type === 'checkpoint') seen.step = event.step
      if (event.type !== 'batch' || event.phase !== 'train') continue
      losses[(step ??= 0)] = event.loss
      step++
      await atStep(step)
    }
  } catch (error) {
    return result({ error: { name: error.name, message: error.message } })
  }
  return result()
}

let letOn

/** Begins, and returns. Waits after step `holdAt` for `goOn`: who looks in seldom finds it unfinished all the same. */
export function begin({ holdAt, ...options }) {
  globalThis.ended = undefined
  const held = new Promise((resolve) => (letOn = resolve))
  const atStep = (step) => (step === holdAt ? held : undefined)
  void run(options, atStep).then((result) => (globalThis.ended = result))
}

/** Lets the run that was begun go beyond the step at which it waits. */
export const goOn = () => letOn()

let sessions = []

/** Notes which sessions are made from now on: a run shows nobody its own. */
function keepSessions() {
  const { TrainingSession } = globalThis.library
  sessions = []
  const create = TrainingSession.create.bind(TrainingSession)
  TrainingSession.create = async (...args) => {
    const session = await create(...args)
    sessions.push(session)
    return session
  }
}

/** Loses the device of the run that was begun. */
export const loseDevice = () => sessions.at(-1).loseDevice()

/** What the run that was begun came to. */
export const ended = () => globalThis.ended

const weightsOf = (model) => [...model.stateDict()].map(([key, { data }]) => [key, Array.from(data, Number)])
