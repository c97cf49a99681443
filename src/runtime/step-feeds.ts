import { inStep } from '../graph/step-names.ts'
import type { WireTensors } from './engine.ts'

/** The feeds of one step of several, under the names that they have in step `step` of several. */
export function feedsOfStep(feeds: WireTensors, step: number): WireTensors {
  return Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [inStep(name, step), tensor]))
}
