import { Writable } from 'node:stream'

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { openProgressBar } from '../../src/platform/node-progress.ts'

class Terminal extends Writable {
  readonly isTTY = true
  written = ''

  constructor(readonly columns = 100) {
    super()
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.written += chunk.toString()
    done()
  }
}

const interactive = { TERM: 'xterm' }
const frames = (terminal: Terminal) => terminal.written.match(/Epoch[^\x1b\n]*/g) // eslint-disable-line no-control-regex

describe('openProgressBar', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('fills a bar in one line', () => {
    const terminal = new Terminal()
    const bar = openProgressBar(terminal, interactive)!
    bar.start(4, 'Epoch 0/1 train')
    bar.update(2, 'loss 0.5000')
    vi.advanceTimersByTime(200)
    bar.stop()
    expect(frames(terminal)![0]).toMatch(/^Epoch 0\/1 train ░{16} 0\/4/)
    expect(frames(terminal)!.at(-1)).toMatch(/^Epoch 0\/1 train █{8}░{8} 2\/4 loss 0\.5000 ETA \d+s/)
    expect(terminal.written).not.toContain('\n')
  })

  it('keeps the cursor and line wrapping as they are, so that a killed process leaves a usable terminal', () => {
    const terminal = new Terminal()
    const bar = openProgressBar(terminal, interactive)!
    bar.start(4, 'Epoch 0/1 train')
    bar.update(1, 'loss 0.5000')
    bar.stop()
    expect(terminal.written).not.toContain('\x1b[?')
  })

  it('stops drawing when it is stopped, and keeps the process alive no longer', () => {
    const terminal = new Terminal()
    const bar = openProgressBar(terminal, interactive)!
    bar.start(4, 'Epoch 0/1 train')
    bar.start(2, 'Epoch 0/1 val')
    bar.stop()
    bar.stop()
    const before = terminal.written
    bar.update(2, 'late')
    vi.advanceTimersByTime(1000)
    expect(terminal.written).toBe(before)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('stays in its line on a narrow terminal', () => {
    const terminal = new Terminal(30)
    const bar = openProgressBar(terminal, interactive)!
    bar.start(4, 'Epoch 0/1 train')
    bar.stop()
    expect(Math.max(...frames(terminal)!.map(({ length }) => length))).toBeLessThanOrEqual(30)
  })

  it.each([
    ['a pipe', Object.assign(new Terminal(), { isTTY: false }), interactive],
    ['a dumb terminal', new Terminal(), { TERM: 'dumb' }],
    ["a CI's log", new Terminal(), { CI: 'true' }],
  ])('is none for %s', (_, stream, environment) => {
    expect(openProgressBar(stream, environment)).toBeUndefined()
  })
})
