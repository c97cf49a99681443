import type { Generator } from 'onnx-finetune'

import { hsv, mixColors, scaleColor, type Color, type Point } from './canvas.ts'
import { dome, jitter, mirrored, polyline, wing, type Ellipse, type Limb, type Part } from './parts.ts'

/**
 * Insects seen from above. Ants have a waist, long bent legs and elbowed antennae; bees a fat banded body and wings.
 */

/** Where the body bends: joint and angle at the waist and at the neck. */
interface Bend {
  readonly waist: number
  readonly neck: number
}

const waistX = -0.1
const neckX = 0.32

/** An ant. `color` is its body's. */
export function ant(generator: Generator, color: Color): Part[] {
  const bend = drawBend(generator)
  const dark = scaleColor(color, 0.75)
  const fat = generator.uniform(0.8, 1.2)
  const legs = [
    { hip: 0.24, knee: 0.42, foot: 0.75 },
    { hip: 0.1, knee: 0.06, foot: -0.02 },
    { hip: -0.02, knee: -0.3, foot: -0.72 },
  ].flatMap((leg) => [-1, 1].flatMap((side) => antLeg(generator, leg, side, dark)))
  const antennae = [-1, 1].flatMap((side) => {
    const elbow: Point = [0.8 + jitter(generator, 0.06), side * (0.24 + jitter(generator, 0.06))]
    const tip: Point = [1.12 + jitter(generator, 0.08), side * (0.2 + jitter(generator, 0.16))]
    return polyline([[0.6, side * 0.08], elbow, tip], [0.028, 0.024, 0.018], dark)
  })
  const body = [
    dome([-0.6, 0], [0.37, 0.25 * fat], color),
    dome([-0.17, 0], [0.08, 0.065], dark),
    dome([0.1, 0], [0.25, 0.115 * fat], color),
    dome([0.5, 0], [0.19, 0.165 * fat], color),
    ...[-1, 1].map((side) => dome([0.53, side * 0.12 * fat], [0.035, 0.03], scaleColor(color, 0.35))),
  ]
  return [...legs, ...antennae, ...body].map((part) => bent(part, bend))
}

/** A bee of `color`, with bands of `bandColor`. */
export function bee(generator: Generator, color: Color, bandColor: Color): Part[] {
  const bend = drawBend(generator)
  const dark = scaleColor(color, 0.6)
  const fat = generator.uniform(0.85, 1.15)
  const legs = [0.34, 0.2, 0.02].flatMap((hip, index) =>
    [-1, 1].flatMap((side) => {
      const knee: Point = [hip + 0.12 * (1 - index) + jitter(generator, 0.04), side * 0.36]
      const foot: Point = [
        hip + 0.3 * (1 - index) + jitter(generator, 0.08),
        side * (0.5 + jitter(generator, 0.06)),
      ]
      return polyline([[hip, side * 0.15], knee, foot], [0.045, 0.04, 0.025], dark)
    }),
  )
  const antennae = [-1, 1].flatMap((side) =>
    polyline(
      [
        [0.66, side * 0.07],
        [0.82, side * 0.14],
        [0.95, side * (0.2 + jitter(generator, 0.06))],
      ],
      [0.028, 0.024, 0.02],
      dark,
    ),
  )
  const bands = { count: generator.integer(3, 6), phase: generator.random(), color: bandColor }
  const body = [
    { ...dome([-0.42, 0], [0.52, 0.33 * fat], color), bands, fuzz: 0.03 },
    {
      ...dome([0.2, 0], [0.27, 0.26 * fat], mixColors(color, bandColor, generator.uniform(0, 0.5))),
      fuzz: 0.1,
    },
    dome([0.56, 0], [0.14, 0.19 * fat], dark),
    ...[-1, 1].map((side) => dome([0.58, side * 0.14 * fat], [0.07, 0.055], scaleColor(color, 0.3))),
  ]
  return [...legs, ...antennae, ...body, ...wings(generator)].map((part) => bent(part, bend))
}

function antLeg(
  generator: Generator,
  { hip, knee, foot }: { hip: number; knee: number; foot: number },
  side: number,
  color: Color,
): Limb[] {
  const bentKnee: Point = [knee + jitter(generator, 0.08), side * (0.4 + jitter(generator, 0.06))]
  const end: Point = [foot + jitter(generator, 0.12), side * (0.72 + jitter(generator, 0.1))]
  return polyline([[hip, side * 0.08], bentKnee, end], [0.05, 0.038, 0.022], color)
}

function wings(generator: Generator): Part[] {
  const spread = generator.uniform(0.5, 1.05)
  const color = hsv(generator.random(), generator.uniform(0, 0.15), generator.uniform(0.8, 1))
  const alpha = generator.uniform(0.35, 0.6)
  const grown = (length: number, width: number, back: number, side: number): Ellipse => {
    const root: Point = [0.18 - 0.14 * back, side * 0.16]
    return { ...wing(root, length, width, Math.PI - side * (spread - back), color), alpha }
  }
  return mirrored((side) => [grown(0.36, 0.13, 0.45, side), grown(0.52, 0.17, 0, side)])
}

function drawBend(generator: Generator): Bend {
  return { waist: generator.uniform(-0.4, 0.4), neck: generator.uniform(-0.3, 0.3) }
}

function bent(part: Part, bend: Bend): Part {
  if (part.kind === 'limb') return { ...part, from: bentPoint(part.from, bend), to: bentPoint(part.to, bend) }
  if (part.alpha < 1) return part
  return { ...part, center: bentPoint(part.center, bend), turn: part.turn + bendAt(part.center[0], bend) }
}

function bendAt(x: number, { waist, neck }: Bend): number {
  return x < waistX - 0.05 ? waist : x > neckX + 0.1 ? neck : 0
}

/** Points behind the waist turn around it, points before the neck around that; legs keep their hips. */
function bentPoint(point: Point, bend: Bend): Point {
  const angle = Math.abs(point[1]) > 0.3 ? 0 : bendAt(point[0], bend)
  const joint = point[0] < waistX ? waistX : neckX
  const [dx, dy] = [point[0] - joint, point[1]]
  return [joint + dx * Math.cos(angle) - dy * Math.sin(angle), dx * Math.sin(angle) + dy * Math.cos(angle)]
}
