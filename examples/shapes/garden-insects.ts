import { mixColors, scaleColor, type Color, type Point } from './canvas.ts'
import { dome, jitter, mirrored, polyline, wing, type Part, type Subject } from './parts.ts'

/** More animals of a garden with legs, wings and segments, that have to be told apart by them. */

/** A short plain body with bristles, two clear wings, big eyes. */
export const fly: Subject = (generator, color) => {
  const dark = scaleColor(color, 0.6)
  const fat = generator.uniform(0.85, 1.15)
  const legs = [0.3, 0.1, -0.15].flatMap((hip, index) =>
    mirrored((side) => {
      const slant = 0.3 * (1 - index) + jitter(generator, 0.08)
      const knee: Point = [hip + slant, side * 0.5]
      const foot: Point = [hip + 1.7 * slant, side * (0.68 + jitter(generator, 0.06))]
      return polyline([[hip, side * 0.15], knee, foot], [0.04, 0.032, 0.02], dark)
    }),
  )
  const clear: Color = [0.92, 0.94, 0.97]
  const spread = generator.uniform(0.35, 0.7)
  const alpha = generator.uniform(0.35, 0.6)
  return [
    ...legs,
    { ...dome([-0.35, 0], [0.4, 0.3 * fat], color), fuzz: 0.06 },
    { ...dome([0.18, 0], [0.3, 0.28 * fat], mixColors(color, dark, 0.5)), fuzz: 0.06 },
    dome([0.52, 0], [0.15, 0.24], dark),
    ...mirrored((side) => [dome([0.56, side * 0.18], [0.11, 0.11], scaleColor(color, 0.35))]),
    ...mirrored((side) => [
      { ...wing([0.15, side * 0.18], 0.48, 0.2, Math.PI - side * spread, clear), alpha },
    ]),
  ]
}

/** A thin body, very long thin legs, two narrow clear wings. */
export const mosquito: Subject = (generator, color) => {
  const dark = scaleColor(color, 0.75)
  const legs = [0.9, 0.1, -0.9].flatMap((direction) =>
    mirrored((side) => {
      const angle = side * (Math.PI / 2 - 0.7 * direction + jitter(generator, 0.2))
      const hip: Point = [0.2, side * 0.06]
      const knee: Point = [hip[0] + 0.5 * Math.cos(angle), hip[1] + 0.5 * Math.sin(angle)]
      const end = angle + side * direction * 0.4
      const foot: Point = [knee[0] + 0.55 * Math.cos(end), knee[1] + 0.55 * Math.sin(end)]
      return polyline([hip, knee, foot], [0.03, 0.025, 0.015], dark)
    }),
  )
  const alpha = generator.uniform(0.35, 0.55)
  const spread = generator.uniform(0.2, 0.7)
  const trunk = polyline([[0.5, 0] as const, [0.95, jitter(generator, 0.1)] as const], [0.03, 0.015], dark)
  return [
    ...legs,
    ...trunk,
    dome([-0.3, 0], [0.5, 0.08], color),
    dome([0.22, 0], [0.17, 0.14], color),
    dome([0.46, 0], [0.1, 0.09], dark),
    ...mirrored((side): Part[] => [
      { ...wing([0.2, side * 0.08], 0.45, 0.1, Math.PI - side * spread, [0.92, 0.94, 0.97]), alpha },
    ]),
  ]
}

/** A long straight body, folded wing covers, hind legs with raised knees. */
export const grasshopper: Subject = (generator, color, marking) => {
  const dark = scaleColor(color, 0.7)
  const high = generator.uniform(0.4, 0.6)
  const hind = mirrored((side) =>
    polyline(
      [
        [0, side * 0.12],
        [-0.62 + jitter(generator, 0.1), side * high],
        [-0.9 + jitter(generator, 0.1), side * 0.15],
      ],
      [0.09, 0.05, 0.025],
      dark,
    ),
  )
  const small = [0.45, 0.2].flatMap((hip) =>
    mirrored((side) =>
      polyline(
        [
          [hip, side * 0.1],
          [hip + 0.1 + jitter(generator, 0.1), side * (0.38 + jitter(generator, 0.06))],
        ],
        [0.04, 0.025],
        dark,
      ),
    ),
  )
  const antennae = mirrored((side) =>
    polyline(
      [
        [0.75, side * 0.06],
        [1.15, side * (0.25 + jitter(generator, 0.15))],
      ],
      [0.022, 0.014],
      dark,
    ),
  )
  const bands = {
    count: generator.integer(5, 9),
    phase: generator.random(),
    color: mixColors(color, marking, 0.4),
  }
  const body = { ...dome([-0.2, 0], [0.75, generator.uniform(0.13, 0.18)], color), bands }
  const front = [dome([0.42, 0], [0.22, 0.17], color), dome([0.66, 0], [0.14, 0.14], dark)]
  return [...hind, ...small, ...antennae, body, ...front]
}

/** Two claws in front, eight short legs, a tail of round segments that curves to one side. */
export const scorpion: Subject = (generator, color) => {
  const dark = scaleColor(color, 0.75)
  const legs = [0.3, 0.15, 0, -0.15].flatMap((hip) =>
    mirrored((side) =>
      polyline(
        [
          [hip, side * 0.12],
          [hip * 1.7 + jitter(generator, 0.06), side * (0.5 + jitter(generator, 0.08))],
        ],
        [0.04, 0.022],
        dark,
      ),
    ),
  )
  const claws = mirrored((side) => {
    const elbow: Point = [0.6 + jitter(generator, 0.08), side * (0.4 + jitter(generator, 0.08))]
    const hand: Point = [0.88 + jitter(generator, 0.06), side * (0.28 + jitter(generator, 0.1))]
    return [
      ...polyline([[0.4, side * 0.1], elbow, hand], [0.05, 0.05, 0.05], dark),
      dome(hand, [0.15, 0.09], color),
    ]
  })
  const bend = generator.uniform(0.3, 0.6) * (generator.random() < 0.5 ? -1 : 1)
  const tail = Array.from({ length: 6 }, (_, index): Part => {
    const angle = bend * index
    const at: Point = [
      -0.4 - 0.55 * Math.sin(Math.min(1.4, 0.3 * index)),
      0.28 * (1 - Math.cos(angle)) * Math.sign(bend),
    ]
    return dome(at, [0.1, 0.085 - 0.006 * index], index === 5 ? dark : color)
  })
  return [...legs, ...claws, ...tail, dome([0.05, 0], [0.42, 0.2], color), dome([0.4, 0], [0.14, 0.15], dark)]
}
