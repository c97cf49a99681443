import type { Case } from './case.ts'
import { ioCases } from './io.ts'
import { peerCases } from './peers.ts'
import { pipelineCases } from './pipeline.ts'
import { processCases } from './processes.ts'
import { scaleCases } from './scale.ts'
import { sizeCases } from './size.ts'
import { stepCases } from './steps.ts'

/** All cases, in the order in which they run. */
const cases: readonly Case[] = [
  ...stepCases,
  ...pipelineCases,
  ...processCases,
  ...ioCases,
  ...peerCases,
  ...sizeCases,
  ...scaleCases,
]

/** What is worth two minutes. */
const quick = [
  'finetune-4',
  'frozen-4',
  'eval-4',
  'loader-2',
  'memory-finetune-4',
  'start',
  'small',
  'scale-files-1000',
]

/** The cases whose names begin with one of the prefixes; without any, all or the quick ones. */
export function chooseCases(prefixes: readonly string[], isQuick: boolean): readonly Case[] {
  if (prefixes.length === 0) return isQuick ? cases.filter(({ name }) => quick.includes(name)) : cases
  return cases.filter(({ name }) => prefixes.some((prefix) => isOf(prefix, name)))
}

/** A prefix ends with a word or number of the name: `finetune-6` is not `finetune-64`. */
function isOf(prefix: string, name: string): boolean {
  return name === prefix || name.startsWith(`${prefix}-`)
}

export const caseNames = cases.map(({ name }) => name)
