import type { IoRequest } from '../protocol.ts'
import type { Case } from './case.ts'

/**
 * The weights' file, in a process that has read none: memory that an earlier reading left warm would be measured else.
 * PyTorch with settings of its allocator doesn't take part: this is how programs call it.
 */
function ioCase(work: IoRequest['work'], title: string): Case {
  return {
    name: `io-${work}`,
    title,
    unit: 'ms',
    contenders: ['ours', 'PyTorch'],
    target: 1,
    async measure(contender) {
      const fresh = contender.fresh()
      try {
        const { times, numbers, absent } = await fresh.ask({ case: 'io', work })
        if (!times) return { absent }
        const { fileBytes = NaN, extraBytes = NaN } = numbers ?? {}
        return {
          value: 1000 * times[0]!,
          details: {
            fileMB: fileBytes / 1e6,
            extraMB: extraBytes / 1e6,
            extraPerFile: extraBytes / fileBytes,
          },
        }
      } finally {
        fresh.stop()
      }
    },
  }
}

export const ioCases: readonly Case[] = [
  ioCase('read', 'reading the weights (.pth)'),
  ioCase('write', 'writing the weights (.pth), synced'),
]
