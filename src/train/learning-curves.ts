import { rasterizeSvg, writeFile } from '#platform'

import { ArgumentError, RuntimeError } from '../core/errors.ts'
import type { CurvesOptions } from './curves-chart.ts'
import type { EpochMetrics } from './events.ts'

export type { CurvesOptions } from './curves-chart.ts'

/** The history of one run, or the histories of several by their names. */
export type TrainingRuns = readonly EpochMetrics[] | Readonly<Record<string, readonly EpochMetrics[]>>

/**
 * Draws loss and accuracy over the epochs, side by side: each run in its own colour, training dashed and validation
 * solid.
 *
 * @param runs - `result.history`, or several runs to compare: `{ finetune: first.history, frozen: second.history }`.
 * @returns A standalone SVG document on white.
 * @throws {@link ArgumentError} if there is no epoch to draw, {@link RuntimeError} with the install line if the
 * plotting library, echarts, isn't installed.
 *
 * @example
 * ```ts
 * import { renderCurves, type EpochMetrics } from 'onnx-finetune'
 *
 * const history: EpochMetrics[] = [
 *   { epoch: 0, train: { loss: 0.7, accuracy: 0.6 }, val: { loss: 0.4, accuracy: 0.9 }, learningRates: [0.1], seconds: 3 },
 * ]
 * const svg = await renderCurves(history, { title: 'ResNet-18 on ants and bees' })
 * ```
 */
export async function renderCurves(runs: TrainingRuns, options: CurvesOptions = {}): Promise<string> {
  const named = isOneRun(runs) ? { '': runs } : runs
  const { width = 960, height = 420 } = options
  checkSize(width, 'width')
  checkSize(height, 'height')
  if (!Object.values(named).some(({ length }) => length > 0)) {
    throw new ArgumentError('there is no epoch to draw: give at least one run with a history')
  }
  const echarts = await loadLibrary()
  const { curvesChart } = await import('./curves-chart.ts')
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption(curvesChart(named, options))
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

/**
 * Writes what {@link renderCurves} draws to a file. It appears whole or not at all.
 *
 * @param path - Ends in `.svg` or `.png`.
 * @throws {@link ArgumentError} for another extension, {@link FileSystemError} if it can't be written,
 * {@link RuntimeError} with the install line if a package that draws text as PNG isn't installed, and what
 * {@link renderCurves} throws.
 */
export async function saveCurves(
  path: string,
  runs: TrainingRuns,
  options: CurvesOptions = {},
): Promise<void> {
  const extension = /\.(svg|png)$/i.exec(path)?.[1]?.toLowerCase()
  if (!extension) throw new ArgumentError(`can't save curves as ${path}: its name must end in .svg or .png`)
  const svg = await renderCurves(runs, options)
  await writeFile(path, extension === 'png' ? await rasterizeSvg(svg) : svg)
}

/** `Array.isArray` doesn't tell a readonly array from a record. */
function isOneRun(runs: TrainingRuns): runs is readonly EpochMetrics[] {
  return Array.isArray(runs)
}

function checkSize(value: number, name: string): void {
  if (Number.isInteger(value) && value >= 200 && value <= 10_000) return
  throw new ArgumentError(`${name} must be a whole number of pixels from 200 to 10000, not ${value}`)
}

/** The parts of echarts that the chart is made of, loaded on first use. */
async function loadLibrary() {
  // Each caught by itself: so bundlers know that it may be missing.
  const [core, { LineChart }, { GridComponent, LegendComponent, TitleComponent }, { SVGRenderer }] =
    await Promise.all([
      import('echarts/core').catch(missing),
      import('echarts/charts').catch(missing),
      import('echarts/components').catch(missing),
      import('echarts/renderers').catch(missing),
    ])
  core.use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])
  return core
}

function missing(cause: unknown): never {
  throw new RuntimeError('learning curves are drawn by echarts: install it with "npm install echarts"', {
    cause,
  })
}
