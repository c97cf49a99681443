import type { Generator } from 'onnx-finetune'

import { paintBackground } from './background.ts'
import { Canvas, hsv, luma, type Color } from './canvas.ts'
import { roughNoise } from './noise.ts'
import { paintInsect, type Pose } from './paint-insect.ts'
import type { Subject } from './parts.ts'

/**
 * A picture of a subject on some ground, in random colors, pose, light and sharpness. Only the shape tells what it is.
 *
 * @param size - Height and width in pixels.
 */
export function paintPicture(subject: Subject, size: number, generator: Generator): Canvas {
  const canvas = new Canvas(size)
  paintBackground(canvas, generator)
  canvas.blur(generator.uniform(0, 0.9))
  const color = bodyColor(generator, canvas.brightness(size / 4))
  const parts = subject(generator, color, bandColor(generator, color))
  paintInsect(canvas, parts, drawPose(generator, size), roughNoise(generator))
  develop(canvas, generator)
  return canvas
}

/** Any color, whatever the subject, lighter or darker than the ground so that it can be seen. */
function bodyColor(generator: Generator, ground: number): Color {
  const hue = generator.random() < 0.7 ? generator.uniform(0, 0.15) : generator.random()
  const saturation = generator.uniform(0.1, 0.9)
  const lighter = ground < 0.3 || (ground < 0.5 && generator.random() < 0.4)
  const value = lighter
    ? generator.uniform(ground + 0.4, 1)
    : generator.uniform(0.08, Math.max(0.12, ground - 0.25))
  return hsv(hue, saturation, value)
}

/** A band is as dark as the body is light, or the other way round. */
function bandColor(generator: Generator, color: Color): Color {
  const value = luma(color) > 0.35 ? generator.uniform(0.05, 0.2) : generator.uniform(0.55, 1)
  return hsv(
    generator.random() < 0.7 ? generator.uniform(0, 0.15) : generator.random(),
    generator.uniform(0.1, 0.9),
    value,
  )
}

function drawPose(generator: Generator, size: number): Pose {
  const scale = size * generator.uniform(0.25, 0.38)
  const room = 0.5 * size - 0.75 * scale
  const place = (): number => size / 2 + generator.uniform(-room, room) * 0.6
  return {
    scale,
    turn: generator.uniform(0, 2 * Math.PI),
    squeeze: generator.uniform(0.75, 1),
    center: [place(), place()],
    light: generator.uniform(0, 2 * Math.PI),
    shadow: {
      distance: generator.uniform(0.08, 0.25),
      softness: generator.uniform(0.8, 3),
      darkness: generator.uniform(0.2, 0.6),
    },
  }
}

/** What lens and sensor do: uneven light, focus, exposure, a tint, noise. */
function develop(canvas: Canvas, generator: Generator): void {
  canvas.blur(generator.uniform(-0.4, 0.8))
  const direction = generator.uniform(0, 2 * Math.PI)
  const slope = generator.uniform(0, 0.5) / canvas.size
  const vignette = generator.uniform(0, 0.35)
  const contrast = generator.uniform(0.8, 1.15)
  const exposure = generator.uniform(0.85, 1.2)
  const tint = [0, 1, 2].map(() => exposure * generator.uniform(0.92, 1.08))
  const noise = generator.uniform(0.005, 0.035)
  const half = canvas.size / 2
  canvas.map((value, x, y, channel) => {
    const [dx, dy] = [x - half, y - half]
    const light = 1 + slope * (dx * Math.cos(direction) + dy * Math.sin(direction))
    const edge = 1 - (vignette * (dx * dx + dy * dy)) / (2 * half * half)
    const exposed = value * light * edge * tint[channel]!
    return 0.5 + contrast * (exposed - 0.5) + noise * generator.uniform(-1.7, 1.7)
  })
}
