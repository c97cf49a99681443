import { median } from './median.ts'

/** What a case came to: each contender's values, a round after the other. */
export interface Outcome {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly target?: number | undefined
  /** Values of the rounds, the same round at the same index in each. */
  readonly values: Readonly<Record<string, readonly number[]>>
  /** What came along in the last round. */
  readonly details: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Why a contender gave nothing. */
  readonly absent: Readonly<Record<string, string>>
}

/** Middle and range of several rounds. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** Ours over a peer, round by round: what slows a round down slows both. `undefined` where one of them is absent. */
export function ratiosTo(peer: string, { values }: Outcome): Spread | undefined {
  const { ours = [], [peer]: theirs = [] } = values
  const ratios = ours.slice(0, theirs.length).map((value, round) => value / theirs[round]!)
  return ratios.length > 0 ? spreadOf(ratios) : undefined
}

/** The peer of these with the smallest median: one and the same for all rounds, so that no round picks its luck. */
export function fasterOf(peers: readonly string[], { values }: Outcome): string | undefined {
  const there = peers.filter((peer) => (values[peer] ?? []).length > 0)
  return there.sort((a, b) => median(values[a]!) - median(values[b]!))[0]
}

/** The ratio that a target is for. */
export function headline(
  peers: readonly string[],
  outcome: Outcome,
): (Spread & { readonly to: string; readonly isMet: boolean | undefined }) | undefined {
  const to = fasterOf(peers, outcome)
  const ratio = to === undefined ? undefined : ratiosTo(to, outcome)
  if (to === undefined || !ratio) return undefined
  return { to, ...ratio, isMet: outcome.target === undefined ? undefined : ratio.median <= outcome.target }
}

const digits = (value: number): string =>
  value === 0 ? '0' : value.toPrecision(3).includes('e') ? value.toFixed(0) : value.toPrecision(3)

/** `0.87 (0.85 to 0.92)`, and small ratios with a digit more. */
export function formatSpread({ median: middle, min, max }: Spread): string {
  const digitsAfter = middle < 0.1 ? 3 : 2
  const [a, b, c] = [middle, min, max].map((value) => value.toFixed(digitsAfter))
  return `${a} (${b} to ${c})`
}

/** The table of all cases as Markdown; then the absent peers, by name and reason. */
export function markdown(peers: readonly string[], outcomes: readonly Outcome[]): string {
  const head = ['case', 'ours', ...peers, ...peers.map((peer) => `ours / ${peer}`), 'ours / faster', 'target']
  const rows = outcomes.map((outcome) => row(peers, outcome))
  const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
  const beside = outcomes.flatMap((outcome) => [...besides(peers, outcome), ...detailsOf(outcome)])
  return [table, list('Beside them:', beside), list('Absent:', absentPeers(outcomes))]
    .filter(Boolean)
    .join('\n\n')
}

function row(peers: readonly string[], outcome: Outcome): string[] {
  const best = headline(peers, outcome)
  const valueOf = (name: string) => {
    const values = outcome.values[name] ?? []
    return values.length > 0 ? `${digits(median(values))} ${outcome.unit}` : '–'
  }
  const ratioTo = (peer: string) => {
    const ratio = ratiosTo(peer, outcome)
    return ratio ? formatSpread(ratio) : '–'
  }
  const verdict = best?.isMet === undefined ? '' : best.isMet ? ', met' : ', missed'
  return [
    outcome.title,
    valueOf('ours'),
    ...peers.map(valueOf),
    ...peers.map(ratioTo),
    best ? `**${formatSpread(best)}**` : '–',
    outcome.target === undefined ? '–' : `${outcome.target}${verdict}`,
  ]
}

/** Peers that take part in few cases don't get a column. */
function besides(peers: readonly string[], outcome: Outcome): string[] {
  return Object.entries(outcome.values)
    .filter(([name, values]) => name !== 'ours' && !peers.includes(name) && values.length > 0)
    .map(([name, values]) => {
      const ratio = ratiosTo(name, outcome)
      return `${outcome.title}: ${name} ${digits(median(values))} ${outcome.unit}${ratio ? `; ours / ${name} ${ratio.median.toPrecision(2)}` : ''}`
    })
}

function detailsOf({ title, details }: Outcome): string[] {
  return Object.entries(details).map(([name, numbers]) => {
    const parts = Object.entries(numbers).map(([key, value]) => `${key} ${digits(value)}`)
    return `${title}, ${name}: ${parts.join(', ')}`
  })
}

/** Each absent contender once a reason, with the cases that it is absent from. */
export function absentPeers(outcomes: readonly Outcome[]): string[] {
  const cases = new Map<string, string[]>()
  for (const { name, absent } of outcomes) {
    for (const [peer, reason] of Object.entries(absent)) {
      const key = `${peer}: ${reason}`
      cases.set(key, [...(cases.get(key) ?? []), name])
    }
  }
  return [...cases].map(([key, names]) => `${key} (${names.join(', ')})`)
}

const list = (head: string, lines: readonly string[]): string =>
  lines.length > 0 ? `${head}\n\n${lines.map((line) => `- ${line}`).join('\n')}` : ''
