import type { Generator } from 'onnx-finetune'

import type { Color, Point } from './canvas.ts'

/**
 * What a subject is made of: parts in a frame of its own, in which it looks to +x and reaches from about −1 to 1.
 */

/** An ellipse: a body segment (shaded as a dome) or a wing (flat and clear). */
export interface Ellipse {
  readonly kind: 'ellipse'
  readonly center: Point
  readonly radii: Point
  /** Direction of the first radius. */
  readonly turn: number
  readonly color: Color
  /** Opacity; wings let the ground through. Domes have 1. */
  readonly alpha: number
  /** Bands across the first radius: count and color. */
  readonly bands?: { readonly count: number; readonly phase: number; readonly color: Color } | undefined
  /** Roughness of the edge, as a share of the radius. */
  readonly fuzz: number
}

/** A limb: a line that gets thinner. */
export interface Limb {
  readonly kind: 'limb'
  readonly from: Point
  readonly to: Point
  readonly widths: Point
  readonly color: Color
}

export type Part = Ellipse | Limb

/** Draws one of its kind, as parts: no two are alike. `color` is its body's, `marking` that of bands and spots. */
export type Subject = (generator: Generator, color: Color, marking: Color) => Part[]

/** A body segment. */
export function dome(center: Point, radii: Point, color: Color): Ellipse {
  return { kind: 'ellipse', center, radii, turn: 0, color, alpha: 1, fuzz: 0 }
}

/** Limbs from point to point, with the width at each. */
export function polyline(points: readonly Point[], widths: readonly number[], color: Color): Limb[] {
  return points.slice(1).map((to, index) => ({
    kind: 'limb',
    from: points[index]!,
    to,
    widths: [widths[index]!, widths[index + 1]!],
    color,
  }))
}

/** Uniform in ±`size`. */
export function jitter(generator: Generator, size: number): number {
  return generator.uniform(-size, size)
}

/** A wing that grows out of `root` in the direction of `turn`; opacity 0.5. */
export function wing(root: Point, length: number, width: number, turn: number, color: Color): Ellipse {
  const center: Point = [root[0] + length * Math.cos(turn), root[1] + length * Math.sin(turn)]
  return { kind: 'ellipse', center, radii: [length, width], turn, color, alpha: 0.5, fuzz: 0 }
}

/** The same on both sides: `make` gets −1 and 1. */
export function mirrored(make: (side: number) => readonly Part[]): Part[] {
  return [-1, 1].flatMap(make)
}
