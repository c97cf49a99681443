/**
 * Measures onnx-finetune beside its peers, in turns in the same minutes, and writes a table, JSON and a plot:
 *
 *     npm run bench -- [--quick] [--only finetune,scale] [--rounds 5] [--help]
 *
 * Each contender is a process of its own (`contender.ts`) that answers requests (`protocol.ts`) and sleeps in between.
 * The cases stand in `cases/`, the arithmetic in `report.ts`. PyTorch takes part where `--python` has it, jax-js and
 * TensorFlow.js after `npm run bench:peers`; who is not there is named.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { chooseCases } from './cases/cases.ts'
import { compileContenders } from './compile.ts'
import { makeContenders, pytorch } from './contenders.ts'
import { describeMachine, machineFacts } from './machine.ts'
import { findSettings, readOptions } from './options.ts'
import { plot } from './plot.ts'
import { formatSpread, headline, markdown, type Outcome } from './report.ts'
import { runRounds } from './rounds.ts'

const compiled = fileURLToPath(new URL('../out/bench/', import.meta.url))
const options = readOptions(process.argv.slice(2))
const cases = chooseCases(options.only, options.quick)
if (cases.length === 0) throw new Error(`no case is called ${options.only.join(' or ')}: see --help`)

compileContenders(compiled)
const settings = await findSettings(options, compiled)
const contenders = makeContenders(compiled, options.python, settings)
const outcomes: Outcome[] = []
try {
  const asked = await Promise.all(
    [contenders.ours, contenders.PyTorch].map((each) => each.ask({ case: 'about' })),
  )
  const machine = machineFacts(
    Object.assign({}, ...asked.map(({ versions }) => versions)) as Record<string, string>,
  )
  console.log(describeMachine(machine))
  for (const each of cases) {
    const outcome = await runRounds(each, contenders, settings, options.rounds)
    outcomes.push(outcome)
    console.log(lineOf(outcome))
    save({ machine, settings, outcomes })
  }
} finally {
  for (const contender of Object.values(contenders)) contender.stop()
}
console.log(`\n${markdown(pytorch, outcomes)}\n\nwritten to ${options.out}`)

/** One case, as soon as it is there. */
function lineOf(outcome: Outcome): string {
  const values = Object.entries(outcome.values).map(
    ([name, rounds]) => `${name} ${rounds.map((value) => value.toPrecision(3)).join(' ')} ${outcome.unit}`,
  )
  const absent = Object.keys(outcome.absent).map((name) => `${name} absent`)
  const best = headline(pytorch, outcome)
  const ratio = best ? [`ratio to ${best.to} ${formatSpread(best)}`] : []
  return `${outcome.name.padEnd(20)} ${[...values, ...absent, ...ratio].join(' | ')}`
}

/** After each case, so that a run that is stopped leaves what it has measured. */
function save(results: {
  machine: ReturnType<typeof machineFacts>
  settings: object
  outcomes: readonly Outcome[]
}): void {
  mkdirSync(options.out, { recursive: true })
  const write = (name: string, text: string) => {
    writeFileSync(join(options.out, name), text)
  }
  const subtitle = describeMachine(results.machine)
  write('benchmark.json', `${JSON.stringify(results, null, 2)}\n`)
  write('benchmark.md', `${subtitle}\n\n${markdown(pytorch, results.outcomes)}\n`)
  const { processor, cores, date, commit } = results.machine
  const svg = plot(
    pytorch,
    results.outcomes,
    `${processor}, ${cores} cores, ${date.slice(0, 10)}, commit ${commit}`,
  )
  if (svg !== undefined) write('benchmark.svg', svg)
}
