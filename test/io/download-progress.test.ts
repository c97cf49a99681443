import { describe, expect, it } from 'vitest'

import { progressOf } from '../../src/io/download-progress.ts'
import type { ProgressBar } from '../../src/platform/platform.ts'

function recordingBar(): { readonly bar: ProgressBar; readonly calls: unknown[][] } {
  const calls: unknown[][] = []
  const bar: ProgressBar = {
    start: (total, label) => calls.push(['start', total, label]),
    update: (value) => calls.push(['update', value]),
    stop: () => calls.push(['stop']),
  }
  return { bar, calls }
}

describe('the progress of a download', () => {
  it('is drawn in megabytes under the file’s name', () => {
    const { bar, calls } = recordingBar()
    const { update, stop } = progressOf(true, 'resnet18.pth', () => bar)
    update(0, 46_830_571)
    update(23_500_000, 46_830_571)
    stop()
    expect(calls).toEqual([['start', 47, 'resnet18.pth'], ['update', 0], ['update', 23], ['stop']])
  })

  it('begins anew where a retry finds another file, and is not drawn for one of unknown length', () => {
    const { bar, calls } = recordingBar()
    const { update } = progressOf(undefined, 'a', () => bar)
    update(1_000_000, undefined)
    expect(calls).toEqual([])
    update(0, 2_000_000)
    update(0, 3_000_000)
    expect(calls.map(([call, value]) => [call, value])).toEqual([
      ['start', 2],
      ['update', 0],
      ['start', 3],
      ['update', 0],
    ])
  })

  it('is told to a function instead', () => {
    const { bar, calls } = recordingBar()
    const seen: unknown[] = []
    const { update, stop } = progressOf(
      (progress) => seen.push(progress),
      'a',
      () => bar,
    )
    update(1, 2)
    stop()
    expect([seen, calls]).toEqual([[{ received: 1, total: 2 }], []])
  })

  it('is not shown on request, nor where there is no terminal', () => {
    const fail = () => {
      throw new Error('opened')
    }
    const quiet = progressOf(false, 'a', fail)
    const elsewhere = progressOf(true, 'a', () => undefined)
    for (const { update, stop } of [quiet, elsewhere]) {
      update(1, 2)
      stop()
    }
    expect(() => progressOf(true, 'a', fail)).toThrow('opened')
  })

  it('does not stop the download where the terminal has gone', () => {
    const broken = () => {
      throw new Error('EPIPE')
    }
    const { update, stop } = progressOf(true, 'a', () => ({ start: broken, update: broken, stop: broken }))
    update(1, 2)
    stop()
    expect(() => {
      update(2, 2)
    }).not.toThrow()
  })
})
