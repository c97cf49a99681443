import type { Case, Measurement } from './cases/case.ts'
import { whyPeersAreMissing, others, type Name } from './contenders.ts'
import type { Contender } from './contender.ts'
import type { Settings } from './protocol.ts'
import type { Outcome } from './report.ts'

/**
 * Runs a case in rounds: in each one every contender takes its turn, so that a slow minute of the machine hits them
 * all. A contender that can't do it is not asked again, and named with the reason.
 */
export async function runRounds(
  theCase: Case,
  contenders: Record<Name, Contender>,
  settings: Settings,
  rounds: number,
): Promise<Outcome> {
  const { name, title, unit, target, mostRounds = rounds } = theCase
  const values: Record<string, number[]> = {}
  const details: Record<string, Readonly<Record<string, number>>> = {}
  const absent: Record<string, string> = {}
  for (let round = 0; round < Math.min(rounds, mostRounds); round++) {
    for (const peer of theCase.contenders) {
      if (absent[peer] !== undefined) continue
      const result = await measure(theCase, peer, contenders[peer], settings)
      if (result.value === undefined) absent[peer] = result.absent ?? 'it gave no value'
      else (values[peer] ??= []).push(result.value)
      if (result.details) details[peer] = result.details
      progress(`${title}: ${peer} ${result.value?.toPrecision(3) ?? 'absent'}`)
    }
  }
  progress('')
  return { name, title, unit, target, values, details, absent }
}

function measure(theCase: Case, peer: Name, contender: Contender, settings: Settings): Promise<Measurement> {
  const isOther = (others as readonly Name[]).includes(peer)
  const missing = isOther ? whyPeersAreMissing() : undefined
  return missing === undefined ? theCase.measure(contender, settings) : Promise.resolve({ absent: missing })
}

/** One line of a terminal, overwritten by the next. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
