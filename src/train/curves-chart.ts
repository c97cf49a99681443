import type { EpochMetrics } from './events.ts'
import type { Phase } from './loop-types.ts'
import type { Metrics } from './running-metrics.ts'

/** How curves look. */
export interface CurvesOptions {
  /** Above the curves. Default: none. */
  readonly title?: string | undefined
  /** In pixels. Default: 960. */
  readonly width?: number | undefined
  /** In pixels. Default: 420. */
  readonly height?: number | undefined
}

type NamedRuns = Readonly<Record<string, readonly EpochMetrics[]>>

/** Okabe and Ito's colours, which colour-blind readers tell apart; the pale yellow is left out. */
const colors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']
const lineStyles = { train: { type: 'dashed', width: 1.5 }, val: { type: 'solid', width: 2.5 } } as const
const panels = [
  { name: 'loss', of: ({ loss }: Metrics) => loss },
  { name: 'accuracy', of: ({ accuracy }: Metrics) => 100 * accuracy },
]

const axisLabel = { color: '#333333', hideOverlap: true }
const percent = { min: 0, max: 100, axisLabel: { ...axisLabel, formatter: '{value} %' } }

/** The chart as echarts wants it: two panels with one legend. */
export function curvesChart(runs: NamedRuns, { title, width = 960 }: CurvesOptions) {
  const lastEpoch = Math.max(
    ...Object.values(runs).flatMap((history) => history.map(({ epoch }) => epoch + 1)),
  )
  const names = Object.keys(runs).flatMap((run) => [seriesName(run, 'train'), seriesName(run, 'val')])
  const top = title === undefined ? 24 : 56
  const bottom = 55 + 37 * legendRows(names, width)
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'sans-serif' },
    ...(title === undefined
      ? {}
      : { title: { text: title, left: 'center', top: 12, textStyle: { fontSize: 18 } } }),
    // Lines without their dots: a dot would hide the dashes.
    legend: { bottom: 8, itemWidth: 36, itemGap: 24, itemStyle: { opacity: 0 }, textStyle: { fontSize: 13 } },
    grid: [
      { left: 64, width: width / 2 - 96, top, bottom },
      { left: width / 2 + 72, width: width / 2 - 104, top, bottom },
    ],
    xAxis: panels.map((_, gridIndex) => epochAxis(gridIndex, lastEpoch)),
    yAxis: panels.map(({ name }, gridIndex) => ({
      ...axis(gridIndex, name, 48),
      ...(name === 'accuracy' ? percent : {}),
    })),
    series: panels.flatMap(({ of }, panel) =>
      Object.entries(runs).flatMap(([run, history], index) =>
        (['train', 'val'] as const).flatMap((phase) =>
          line(run, history, phase, of, panel, colors[index % colors.length]!),
        ),
      ),
    ),
  }
}

function line(
  run: string,
  history: readonly EpochMetrics[],
  phase: Phase,
  of: (metrics: Metrics) => number,
  panel: number,
  color: string,
) {
  const data = history.flatMap(({ epoch, [phase]: metrics }) => (metrics ? [[epoch + 1, of(metrics)]] : []))
  if (data.length === 0) return []
  return {
    type: 'line',
    name: seriesName(run, phase),
    xAxisIndex: panel,
    yAxisIndex: panel,
    data,
    lineStyle: { ...lineStyles[phase], color },
    itemStyle: { color },
    symbol: 'circle',
    symbolSize: phase === 'train' ? 4 : 6,
    showSymbol: history.length <= 50,
    showAllSymbol: true,
  }
}

function seriesName(run: string, phase: Phase): string {
  return `${run} ${phase}`.trim()
}

/** Rows that echarts will break the legend into, by an average character's width. */
function legendRows(names: readonly string[], width: number): number {
  const widths = names.map((name) => 66 + 7.5 * name.length)
  return Math.ceil(widths.reduce((sum, each) => sum + each, 0) / width)
}

function epochAxis(gridIndex: number, lastEpoch: number) {
  const room = lastEpoch === 1 ? 1 : 0
  return { ...axis(gridIndex, 'epoch', 28), min: 1 - room, max: lastEpoch + room, minInterval: 1 }
}

function axis(gridIndex: number, name: string, nameGap: number) {
  return {
    type: 'value',
    gridIndex,
    name,
    nameLocation: 'middle',
    nameGap,
    nameTextStyle: { fontSize: 13, color: '#333333' },
    axisLine: { show: true, lineStyle: { color: '#888888' } },
    axisTick: { show: true },
    axisLabel,
    splitLine: { lineStyle: { color: '#e6e6e6' } },
  }
}
