import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'

import { ArgumentError, FileSystemError, RuntimeError } from '../../src/core/errors.ts'
import type { EpochMetrics } from '../../src/train/events.ts'
import { decodeImage } from '../../src/vision/decode.ts'
import { renderCurves, saveCurves } from '../../src/train/learning-curves.ts'

/** A history with these validation accuracies; its training accuracy is half of them, both losses are 1 minus that. */
function historyOf(...accuracies: number[]): EpochMetrics[] {
  return accuracies.map((accuracy, epoch) => ({
    epoch,
    train: { loss: 1 - accuracy / 2, accuracy: accuracy / 2 },
    val: { loss: 1 - accuracy, accuracy },
    learningRates: [0.1],
    seconds: 1,
  }))
}

const withoutVal = ({ epoch, train, learningRates, seconds }: EpochMetrics): EpochMetrics => ({
  epoch,
  train,
  learningRates,
  seconds,
})

const texts = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)

/** The curves' points in pixels, with their colour and whether they are dashed. */
function lines(svg: string) {
  const paths = [...svg.matchAll(/<path d="M([-\d.L ]+)"([^>]*)>/g)]
  return paths
    .map(([, points, attributes]) => ({
      points: points!.split('L').map((point) => point.split(' ').map(Number)),
      color: /stroke="(#\w+)"/.exec(attributes!)?.[1],
      isDashed: attributes!.includes('stroke-dasharray'),
      width: /stroke-width="([\d.]+)"/.exec(attributes!)?.[1],
    }))
    .filter(({ width, points }) => (width === '1.5' || width === '2.5') && points[0]![1]! < 380)
}

describe('renderCurves', () => {
  it('draws a document of the size that was asked for, on white', async () => {
    const svg = await renderCurves(historyOf(0.5, 0.9), { width: 700, height: 300 })
    expect(svg).toMatch(/^<svg width="700" height="300" xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
    expect(svg).toMatch(/<rect width="700" height="300"[^>]*fill="#ffffff"/)
    expect(svg.trimEnd()).toMatch(/<\/svg>$/)
  })

  it('puts each accuracy at its height between 0 and 100 %', async () => {
    const drawn = lines(await renderCurves(historyOf(0, 0.5, 1)))
    expect(drawn).toHaveLength(4)
    const [, , train, val] = drawn
    expect([train!.isDashed, val!.isDashed]).toEqual([true, false])
    const [bottom, middle, top] = val!.points.map(([, y]) => y!)
    expect(top).toBe(24)
    expect(middle).toBeCloseTo((bottom! + top!) / 2)
    expect(train!.points.map(([, y]) => y!)).toEqual([bottom, bottom! - (bottom! - middle!) / 2, middle])
  })

  it('labels the axes: epochs from 1 in whole numbers, accuracy in percent', async () => {
    const labels = texts(await renderCurves(historyOf(0.5, 0.7, 0.9), { title: 'Ants & bees' }))
    expect(labels).toEqual(
      expect.arrayContaining(['epoch', 'loss', 'accuracy', 'train', 'val', 'Ants &amp; bees']),
    )
    expect(labels).toEqual(expect.arrayContaining(['1', '2', '3', '0 %', '100 %']))
    expect(labels.filter((label) => /^[1-3]\.\d/.test(label!))).toEqual([])
  })

  it('draws a single epoch', async () => {
    expect(texts(await renderCurves(historyOf(0.5)))).toContain('1')
  })

  it('overlays several runs, each with its name and its colour, even when one is shorter', async () => {
    const svg = await renderCurves({ finetune: historyOf(0.5, 0.9), frozen: historyOf(0.6, 0.7, 0.8) })
    expect(texts(svg)).toEqual(
      expect.arrayContaining(['finetune train', 'finetune val', 'frozen train', 'frozen val']),
    )
    const colors = lines(svg).map(({ color }) => color)
    expect(new Set(colors).size).toBe(2)
    expect(lines(svg).map(({ points }) => points.length)).toEqual([2, 2, 3, 3, 2, 2, 3, 3])
  })

  it('leaves the validation curve out where there was no validation', async () => {
    const labels = texts(await renderCurves(historyOf(0.5, 0.9).map(withoutVal)))
    expect(labels).toContain('train')
    expect(labels).not.toContain('val')
  })

  it.each([[[]], [{}], [{ finetune: [] }]])('refuses %j: there is nothing to draw', async (runs) => {
    await expect(renderCurves(runs)).rejects.toThrow(ArgumentError)
  })

  it('refuses a size that is no size', async () => {
    await expect(renderCurves(historyOf(0.5), { width: Number.NaN })).rejects.toThrow(/width .* not NaN/)
  })
})

describe('saveCurves', () => {
  it('writes the document whole, and leaves nothing beside it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'curves-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await saveCurves(join(folder, 'curves.svg'), historyOf(0.5, 0.9))
    expect(await readdir(folder)).toEqual(['curves.svg'])
    expect(await readFile(join(folder, 'curves.svg'), 'utf8')).toMatch(/^<svg[^]*<\/svg>\s*$/)
  })

  it('writes a PNG file of the same size', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'curves-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await saveCurves(join(folder, 'curves.PNG'), historyOf(0.5, 0.9), { width: 500, height: 300 })
    const { shape } = decodeImage(await readFile(join(folder, 'curves.PNG')))
    expect(shape).toEqual([300, 500, 3])
  })

  it('names the folder that is missing, and refuses another kind of file', async () => {
    await expect(saveCurves('no/such/folder/curves.svg', historyOf(0.5))).rejects.toThrow(FileSystemError)
    await expect(saveCurves('curves.gif', historyOf(0.5))).rejects.toThrow(ArgumentError)
  })
})

describe('without echarts', () => {
  afterEach(() => {
    vi.doUnmock('echarts/core')
  })

  it('says how to install it', async () => {
    vi.doMock('echarts/core', () => {
      throw new Error("Cannot find package 'echarts'")
    })
    const drawing = renderCurves(historyOf(0.5))
    await expect(drawing).rejects.toThrow(RuntimeError)
    await expect(drawing).rejects.toThrow('npm install echarts')
  })
})
