import type { Generator } from 'onnx-finetune'

import { hsv, mixColors, scaleColor, type Canvas, type Color } from './canvas.ts'
import { roughNoise, smoothNoise } from './noise.ts'

/** Paints one of several kinds of ground, in random colors: it says nothing about what will sit on it. */
export function paintBackground(canvas: Canvas, generator: Generator): void {
  const grounds = [paintSoil, paintLeaf, paintBark, paintFlowers]
  grounds[generator.integer(0, grounds.length)]!(canvas, generator)
}

/** Mostly the greens, browns and yellows of a garden, sometimes any hue. */
function naturalColor(generator: Generator, low: number, high: number): Color {
  const anyHue = generator.random() < 0.25
  const hue = anyHue ? generator.random() : generator.uniform(0.04, 0.4)
  return hsv(hue, generator.uniform(0.15, 0.7), generator.uniform(low, high))
}

/** Rough earth with pebbles. */
function paintSoil(canvas: Canvas, generator: Generator): void {
  const [dark, light] = [naturalColor(generator, 0.2, 0.6), naturalColor(generator, 0.45, 0.95)]
  const noise = roughNoise(generator, 4)
  const grain = generator.uniform(4, 12) / canvas.size
  canvas.fill((x, y) => mixColors(dark, light, sharpen(noise(x * grain, y * grain))))
  const pebbles = generator.integer(0, 14)
  for (let i = 0; i < pebbles; i++) paintPebble(canvas, generator, mixColors(dark, light, generator.random()))
}

function paintPebble(canvas: Canvas, generator: Generator, color: Color): void {
  const radius = canvas.size * generator.uniform(0.015, 0.06)
  const stretch = generator.uniform(0.6, 1)
  const turn = generator.uniform(0, Math.PI)
  const [centerX, centerY] = [generator.uniform(0, canvas.size), generator.uniform(0, canvas.size)]
  forBox(canvas, centerX, centerY, radius + 1, (x, y, dx, dy) => {
    const u = dx * Math.cos(turn) + dy * Math.sin(turn)
    const v = (dy * Math.cos(turn) - dx * Math.sin(turn)) / stretch
    const inside = radius - Math.hypot(u, v)
    const light = 1 - 0.35 * ((dx + dy) / radius)
    canvas.blend(x, y, scaleColor(color, light), clamp(inside + 0.5))
  })
}

/** A leaf from near, with its veins. */
function paintLeaf(canvas: Canvas, generator: Generator): void {
  const base = naturalColor(generator, 0.35, 0.85)
  const vein = mixColors(
    base,
    generator.random() < 0.7 ? [1, 1, 0.85] : [0, 0, 0],
    generator.uniform(0.2, 0.45),
  )
  const noise = roughNoise(generator)
  const turn = generator.uniform(0, 2 * Math.PI)
  const shift = canvas.size * generator.uniform(-0.3, 0.3)
  const spacing = canvas.size * generator.uniform(0.12, 0.25)
  const slant = generator.uniform(0.5, 1.1)
  const width = canvas.size * generator.uniform(0.006, 0.014)
  canvas.fill((x, y) => {
    const [dx, dy] = [x - canvas.size / 2, y - canvas.size / 2]
    const along = dx * Math.cos(turn) + dy * Math.sin(turn)
    const across = dy * Math.cos(turn) - dx * Math.sin(turn) + shift
    const side = along - slant * Math.abs(across) + 3 * noise(x / 20, y / 20)
    const toSide = Math.abs(side - spacing * Math.round(side / spacing))
    const strength = Math.max(clamp(1.5 * width - Math.abs(across)), 0.7 * clamp(width - toSide))
    const color = scaleColor(base, 0.7 + 0.5 * noise(x / 9, y / 9))
    return mixColors(color, vein, strength)
  })
}

/** Bark, wood or blades of grass: noise stretched in one direction. */
function paintBark(canvas: Canvas, generator: Generator): void {
  const [dark, light] = [naturalColor(generator, 0.15, 0.5), naturalColor(generator, 0.4, 0.95)]
  const noise = roughNoise(generator)
  const wobble = smoothNoise(generator)
  const turn = generator.uniform(0, Math.PI)
  const [fine, coarse] = [generator.uniform(12, 26) / canvas.size, generator.uniform(1, 3) / canvas.size]
  canvas.fill((x, y) => {
    const along = x * Math.cos(turn) + y * Math.sin(turn)
    const across = y * Math.cos(turn) - x * Math.sin(turn)
    const bent = across + 0.08 * canvas.size * wobble(x * coarse, y * coarse)
    return mixColors(dark, light, sharpen(noise(along * coarse, bent * fine)))
  })
}

/** Flowers out of focus: soft discs of many colors. */
function paintFlowers(canvas: Canvas, generator: Generator): void {
  const base = naturalColor(generator, 0.25, 0.8)
  const noise = roughNoise(generator)
  canvas.fill((x, y) => scaleColor(base, 0.7 + 0.6 * noise(x / 16, y / 16)))
  const discs = generator.integer(4, 14)
  for (let i = 0; i < discs; i++) {
    const color = hsv(generator.random(), generator.uniform(0.2, 0.8), generator.uniform(0.4, 1))
    const radius = canvas.size * generator.uniform(0.06, 0.25)
    const opacity = generator.uniform(0.3, 0.8)
    const [centerX, centerY] = [generator.uniform(0, canvas.size), generator.uniform(0, canvas.size)]
    forBox(canvas, centerX, centerY, radius * 1.3, (x, y, dx, dy) => {
      const edge = clamp((radius - Math.hypot(dx, dy)) / (0.3 * radius) + 0.5)
      canvas.blend(x, y, color, opacity * edge)
    })
  }
  canvas.blur(generator.uniform(0.5, 1.5))
}

/** Calls `paint` for every pixel near a center, with its distance from it. */
function forBox(
  canvas: Canvas,
  centerX: number,
  centerY: number,
  radius: number,
  paint: (x: number, y: number, dx: number, dy: number) => void,
): void {
  const last = canvas.size - 1
  for (let y = Math.max(0, Math.floor(centerY - radius)); y <= Math.min(last, centerY + radius); y++) {
    for (let x = Math.max(0, Math.floor(centerX - radius)); x <= Math.min(last, centerX + radius); x++) {
      paint(x, y, x - centerX, y - centerY)
    }
  }
}

/** Noise crowds around 0.5: this spreads it over 0 … 1. */
function sharpen(value: number): number {
  return clamp(0.5 + 1.6 * (value - 0.5))
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
