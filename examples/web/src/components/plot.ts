import uPlot from 'uplot'

/** What a plot shows. */
export interface PlotOptions {
  readonly title: string
  /** Values are shares, 0 … 1, shown in percent. */
  readonly isShare: boolean
  /** How far the axis goes. */
  readonly epochs: () => number
}

export const plotHeight = 190

/** A plot of three series over epochs, in the page's colours: batches, training, validation. */
export function openPlot(box: HTMLElement, { title, isShare, epochs }: PlotOptions): uPlot {
  const options: uPlot.Options = {
    width: box.clientWidth,
    height: plotHeight,
    cursor: { show: false },
    legend: { live: false },
    scales: {
      x: { time: false, range: () => [0, epochs()] },
      y: { range: isShare ? [0, 1] : (_, __, high) => [0, high > 0 ? 1.05 * high : 1] },
    },
    axes: axesOf(isShare),
    series: [
      {},
      seriesOf('batches', 'series-batch', 1),
      seriesOf('training', 'series-train', 2),
      seriesOf('validation', 'series-val', 2),
    ],
  }
  const plot = new uPlot(options, [[], [], [], []], box)
  plot.root.dataset.title = title
  return plot
}

function axesOf(isShare: boolean): uPlot.Axis[] {
  const axis: uPlot.Axis = {
    stroke: color('muted'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { stroke: color('line') },
    font: '12px system-ui',
  }
  const text = (tick: number) => (isShare ? `${Math.round(100 * tick)} %` : String(tick))
  return [
    { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500], size: 30 },
    { ...axis, size: 58, values: (_, ticks) => ticks.map(text) },
  ]
}

function seriesOf(label: string, stroke: string, width: number): uPlot.Series {
  return { label, stroke: color(stroke), width, spanGaps: true, points: { show: width > 1, size: 5 } }
}

function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}
