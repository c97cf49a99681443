import { CustomChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

import { headline, type Outcome } from './report.ts'

echarts.use([
  CustomChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TitleComponent,
  SVGRenderer,
])

const [blue, orange, grey] = ['#0072b2', '#d55e00', '#333333']

/** Ratios to the faster of the peers as an SVG document: the median as a dot on its range, and the target. */
export function plot(
  peers: readonly string[],
  outcomes: readonly Outcome[],
  subtitle: string,
): string | undefined {
  const rows = outcomes.flatMap((outcome) => {
    const ratio = headline(peers, outcome)
    return ratio ? [{ ...ratio, title: outcome.title, target: outcome.target }] : []
  })
  if (rows.length === 0) return undefined
  const chart = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: 960,
    height: 150 + 26 * rows.length,
  })
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: 'sans-serif' },
      title: {
        text: 'Ours / PyTorch at its faster setting: below 1 is faster or smaller',
        subtext: subtitle,
        left: 'center',
      },
      legend: { bottom: 4 },
      grid: { left: 330, right: 40, top: 76, bottom: 64 },
      xAxis: { type: 'value', name: 'ratio', nameLocation: 'middle', nameGap: 26, min: 0 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: rows.map(({ title }) => title),
        axisLabel: { color: grey },
      },
      series: [
        {
          type: 'custom',
          name: 'range of the rounds',
          itemStyle: { color: blue },
          data: rows.map(({ min, max }, index) => [min, max, index]),
          encode: { x: [0, 1], y: 2 },
          renderItem: drawRange,
        },
        {
          type: 'scatter',
          name: 'median',
          symbolSize: 11,
          itemStyle: { color: blue },
          data: rows.map((row, index) => [row.median, index]),
          markLine: {
            silent: true,
            symbol: 'none',
            data: [{ xAxis: 1 }],
            lineStyle: { color: grey },
            label: { show: false },
          },
        },
        {
          type: 'scatter',
          name: 'target',
          symbol: 'diamond',
          symbolSize: 11,
          itemStyle: { color: 'none', borderColor: orange, borderWidth: 2 },
          data: rows.flatMap(({ target }, index) => (target === undefined ? [] : [[target, index]])),
        },
      ],
    })
    return chart.renderToSVGString()
  } finally {
    chart.dispose()
  }
}

interface RangeApi {
  value(index: number): number
  coord(point: readonly number[]): readonly [x: number, y: number]
}

/** A bar from the smallest to the largest ratio. */
function drawRange(_: unknown, api: RangeApi) {
  const [from, y] = api.coord([api.value(0), api.value(2)])
  const [to] = api.coord([api.value(1), api.value(2)])
  return {
    type: 'rect',
    shape: { x: from, y: y - 2, width: Math.max(to - from, 1), height: 4 },
    style: { fill: blue, opacity: 0.4 },
  }
}
