import { describe, expect, it } from 'vitest'

import { median } from '../../bench/median.ts'
import { absentPeers, fasterOf, headline, markdown, ratiosTo, type Outcome } from '../../bench/report.ts'

const peers = ['installed', 'tuned']

function outcome(values: Record<string, number[]>, more: Partial<Outcome> = {}): Outcome {
  return { name: 'step-4', title: 'a step', unit: 'ms', values, details: {}, absent: {}, ...more }
}

describe('the benchmark’s arithmetic', () => {
  it('takes the middle value, or the mean of the two in the middle', () => {
    expect(median([9, 1, 4])).toBe(4)
    expect(median([10, 1, 4, 2])).toBe(3)
    expect(median([])).toBeNaN()
  })

  it('compares round by round, not medians with each other', () => {
    // The second round was slow for both: the ratio of the medians, 30 / 20, would be 1.5.
    const ratio = ratiosTo('tuned', outcome({ ours: [10, 80, 30], tuned: [20, 100, 10] }))
    expect(ratio).toEqual({ median: 0.8, min: 0.5, max: 3 })
  })

  it('compares only the rounds that both have', () => {
    const ratio = ratiosTo('tuned', outcome({ ours: [1, 2, 99], tuned: [2, 2] }))
    expect(ratio).toEqual({ median: 0.75, min: 0.5, max: 1 })
  })

  it('holds all rounds against the peer that is faster by its median', () => {
    const measured = outcome({ ours: [8, 8, 8], installed: [1, 16, 16], tuned: [10, 10, 10] })
    expect(fasterOf(peers, measured)).toBe('tuned')
    expect(headline(peers, measured)).toMatchObject({ to: 'tuned', median: 0.8, min: 0.8, max: 0.8 })
  })

  it('holds a median against the target, and none where there is no target', () => {
    const values = { ours: [8, 8.6, 9], tuned: [10, 10, 10] }
    expect(headline(peers, outcome(values, { target: 0.86 }))?.isMet).toBe(true)
    expect(headline(peers, outcome(values, { target: 0.85 }))?.isMet).toBe(false)
    expect(headline(peers, outcome(values))?.isMet).toBeUndefined()
  })

  it('has no ratio where no peer of the two is there, and reports ours', () => {
    const alone = outcome({ ours: [8] }, { absent: { installed: 'no python3', tuned: 'no python3' } })
    expect(headline(peers, alone)).toBeUndefined()
    expect(markdown(peers, [alone])).toContain('| a step | 8.00 ms | – | – | – | – | – | – |')
  })

  it('falls back to the setting that ran when the other one did not', () => {
    const measured = outcome({ ours: [8], installed: [10] }, { absent: { tuned: 'it died' } })
    expect(headline(peers, measured)).toMatchObject({ to: 'installed', median: 0.8 })
  })

  it('names an absent peer once a reason, with the cases', () => {
    const outcomes = [
      outcome({ ours: [1] }, { name: 'a', absent: { wasm: 'no gradient' } }),
      outcome({ ours: [1] }, { name: 'b', absent: { wasm: 'no gradient', native: 'not installed' } }),
    ]
    const lines = ['wasm: no gradient (a, b)', 'native: not installed (b)']
    expect(absentPeers(outcomes)).toEqual(lines)
    for (const line of lines) expect(markdown(peers, outcomes)).toContain(`- ${line}`)
  })

  it('shows a peer without a column of its own beside the table', () => {
    const text = markdown(peers, [outcome({ ours: [2], other: [40] })])
    expect(text).toContain('- a step: other 40.0 ms; ours / other 0.050')
  })
})
