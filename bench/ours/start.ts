import { readStateDict, models, nn } from 'onnx-finetune'

import type { Reply, Settings, StartRequest } from '../protocol.ts'
import { openSession, randomBatch } from './step.ts'

/** What a fresh process does until its first step is done, in parts, and the time of day at which it is. */
export async function start(
  request: StartRequest,
  settings: Settings,
  importSeconds: number,
): Promise<Reply> {
  const [inputs, labels] = randomBatch(request.batch, settings.size)
  const clock = stopwatch()
  const weights = settings.weights === undefined ? undefined : await readStateDict(settings.weights)
  const weightsSeconds = clock()
  const model = await models.resnet18({ weights })
  model.fc = new nn.Linear(model.fc.inFeatures, 2)
  await using session = await openSession(model)
  const modelSeconds = clock()
  await session.trainStep(inputs, labels)
  const firstStepSeconds = clock()
  const firstStepAt = Date.now() / 1000
  await session.trainStep(inputs, labels)
  const secondStepSeconds = clock()
  // The session's graph is built at its first batch: what that step took longer than the next belongs to its making.
  const sessionSeconds = modelSeconds + firstStepSeconds - secondStepSeconds
  return {
    numbers: { importSeconds, weightsSeconds, sessionSeconds, stepSeconds: secondStepSeconds, firstStepAt },
  }
}

/** Seconds since the last call. */
function stopwatch(): () => number {
  let before = performance.now()
  return () => {
    const now = performance.now()
    const seconds = (now - before) / 1000
    before = now
    return seconds
  }
}
