import { useSignalEffect } from '@preact/signals'
import { useEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'

import { percent } from '../state/follow-run.ts'
import { dataProblem } from '../state/data.ts'
import { curve, epochRows, plannedEpochs, type CurvePoint } from '../state/run.ts'
import { openPlot, plotHeight } from './plot.ts'

/** Loss and accuracy while it learns. */
export function Curves() {
  // There before the training begins: laying out a chart takes longer than a frame.
  if (curve.value.length === 0 && dataProblem.value !== undefined) return null
  return (
    <div class="curves">
      <Curve title="Loss" columns={['batchLoss', 'trainLoss', 'valLoss']} />
      <Curve title="Accuracy" columns={['batchAccuracy', 'trainAccuracy', 'valAccuracy']} isShare />
    </div>
  )
}

interface CurveProps {
  readonly title: string
  readonly columns: readonly [keyof CurvePoint, keyof CurvePoint, keyof CurvePoint]
  readonly isShare?: boolean
}

function Curve({ title, columns, isShare = false }: CurveProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | undefined>(undefined)
  const scheme = useColorScheme()
  useEffect(() => {
    const element = box.current!
    const opened = openPlot(element, { title, isShare, epochs: () => plannedEpochs.peek() })
    opened.setData(dataOf(curve.peek(), columns))
    plot.current = opened
    const resized = new ResizeObserver(() => {
      // Taken out of the page is a change of size too, and comes before this effect's end.
      if (element.isConnected) opened.setSize({ width: element.clientWidth, height: plotHeight })
    })
    resized.observe(element)
    return () => {
      resized.disconnect()
      opened.destroy()
    }
  }, [scheme])
  useSignalEffect(() => {
    plot.current?.setData(dataOf(curve.value, columns))
  })
  return (
    <figure>
      <figcaption>
        {title} <span class="hint">by epoch</span>
      </figcaption>
      <div ref={box} class="plot" role="img" aria-label={descriptionOf(title, isShare)} />
    </figure>
  )
}

function dataOf(points: readonly CurvePoint[], columns: CurveProps['columns']): uPlot.AlignedData {
  return [points.map(({ x }) => x), ...columns.map((column) => points.map((point) => point[column]))]
}

function descriptionOf(title: string, isShare: boolean): string {
  const last = epochRows.value.at(-1)
  if (!last) return `${title} by epoch; no epoch is finished yet`
  const [train, val] = isShare ? [last.trainAccuracy, last.valAccuracy] : [last.trainLoss, last.valLoss]
  const text = (value: number) => (isShare ? percent(value) : value.toFixed(3))
  return `${title} by epoch; after epoch ${last.epoch + 1}: ${text(train)} in training, ${text(val)} in validation. All numbers are in the table below.`
}

/** Changes when the system's colours change: a canvas doesn't follow by itself. */
function useColorScheme(): boolean {
  const [isDark, setDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches)
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)')
    const onChange = () => {
      setDark(query.matches)
    }
    query.addEventListener('change', onChange)
    return () => {
      query.removeEventListener('change', onChange)
    }
  }, [])
  return isDark
}
