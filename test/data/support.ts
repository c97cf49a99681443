import type { Generator } from '../../src/core/generator.ts'
import type { Batch } from '../../src/data/collate.ts'
import type { Dataset, Sample, SampleJob } from '../../src/data/dataset.ts'
import * as handlers from '../fixtures/data/handlers.ts'

/** URL of the handler module, for workers. */
export const handlersUrl = new URL('../fixtures/data/handlers.ts', import.meta.url).href

/** Samples made by one of the fixture's handlers, here or in a worker. */
export function handled(
  length: number,
  handler: Exclude<keyof typeof handlers, 'default'> = 'noise',
  extra: Omit<handlers.Payload, 'index'> = {},
  finish?: SampleJob['finish'],
): Dataset {
  const payload = (index: number): handlers.Payload => ({ index, ...extra })
  return {
    length,
    get: async (index: number, generator: Generator): Promise<Sample> => {
      const sample = await handlers[handler](payload(index), generator)
      return finish ? finish(sample, generator) : sample
    },
    job: (index) => ({
      handler: `${handlersUrl}#${handler}`,
      payload: payload(index),
      ...(finish ? { finish } : {}),
    }),
  }
}

/** The same without jobs. */
export function local(dataset: Dataset): Dataset {
  return { length: dataset.length, get: (index, generator) => dataset.get(index, generator) }
}

/** All batches of one epoch. */
export async function gather<B>(loader: AsyncIterable<B>): Promise<B[]> {
  const batches: B[] = []
  for await (const batch of loader) batches.push(batch)
  return batches
}

/** The class indices of each batch. */
export function labelsOf(batches: readonly Batch[]): unknown[] {
  return batches.map(({ labels }) => labels.toList())
}
