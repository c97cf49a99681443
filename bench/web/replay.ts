/**
 * What a training step of ResNet-18 on WebGPU takes of the processor until all is handed over to the device, and until the
 * device has done it, as it is and replayed by ONNX Runtime's graph capture, in Chromium:
 *
 *     npx tsx -C onnx-finetune-source bench/web/replay.ts [--work frozen] [--batch 4] [--size 64] [--steps 12]
 *
 * CHROMIUM and VK_ICD_FILENAMES choose the driver: see scripts/lavapipe/make.sh. Least of the steps after the first.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

import { openChromium, wholeBrowsers } from '../../test/web/support/chromium.ts'
import { serve } from '../../test/web/support/server.ts'
import type { Work } from './protocol.ts'
import { buildPages, siteRoots } from './site.ts'
import { stepProgram } from './step-program.ts'

/** Where the page finds a step, and what it is to do with it. */
export interface ReplayRequest {
  readonly model: string
  /** By name. */
  readonly weights: Readonly<Record<string, string>>
  readonly batch: number
  readonly steps: number
  readonly isReplayed: boolean
}

/** Least seconds of a step. */
export interface ReplayTimes {
  readonly handedOver: number
  readonly done: number
}

/** The page's global `replay`. */
export interface ReplayPage {
  time(request: ReplayRequest): Promise<ReplayTimes>
}

declare global {
  var replay: ReplayPage
}

const { values } = parseArgs({
  options: {
    work: { type: 'string', default: 'finetune' },
    batch: { type: 'string', default: '4' },
    size: { type: 'string', default: '64' },
    steps: { type: 'string', default: '12' },
  },
})
const out = fileURLToPath(new URL('../../out/bench-web/site', import.meta.url))
await buildPages(out, ['replay'])
const { model, weights } = await stepProgram(values.work as Work, Number(values.size))
mkdirSync(`${out}/step`, { recursive: true })
writeFileSync(`${out}/step/model.onnx`, model)
const paths = [...weights].map(([name, data], index) => {
  writeFileSync(`${out}/step/${index}.bin`, data)
  return [name, `/step/${index}.bin`] as const
})
const server = await serve({ roots: siteRoots(out) })
try {
  for (const isReplayed of [false, true]) {
    const browser = await openChromium([], wholeBrowsers)
    try {
      const page = await browser.newPage()
      await page.goto(`${server.url}replay.html`)
      await page.waitForFunction(() => 'replay' in globalThis)
      const request: ReplayRequest = {
        model: '/step/model.onnx',
        weights: Object.fromEntries(paths),
        batch: Number(values.batch),
        steps: Number(values.steps),
        isReplayed,
      }
      const times = await page.evaluate((given) => globalThis.replay.time(given), request)
      const [handedOver, done] = [times.handedOver, times.done].map(
        (each) => `${(1000 * each).toFixed(0)} ms`,
      )
      console.log(
        `${isReplayed ? 'replayed' : 'as it is'}: handed over after ${handedOver}, done after ${done}`,
      )
    } finally {
      await browser.close()
    }
  }
} finally {
  await server.close()
}
