import { mixColors, scaleColor, type Color, type Point } from './canvas.ts'
import { dome, jitter, mirrored, polyline, wing, type Part, type Subject } from './parts.ts'

/**
 * Animals of a garden, seen from above, none of them an ant or a bee: most of the source task, on which the small
 * network learns what limbs, segments, bands and wings are.
 */

/** Two round segments close together, eight long legs bent at the knee, no antennae. */
export const spider: Subject = (generator, color, marking) => {
  const dark = scaleColor(color, 0.75)
  const reach = generator.uniform(0.8, 1.05)
  const legs = [1, 0.4, -0.3, -1].flatMap((direction) =>
    mirrored((side) => {
      const hip: Point = [0.25 + 0.08 * direction, side * 0.12]
      const angle = side * (Math.PI / 2 - 0.75 * direction + jitter(generator, 0.12))
      const knee: Point = [hip[0] + 0.45 * Math.cos(angle), hip[1] + 0.45 * Math.sin(angle)]
      const end = angle - side * 0.45 * Math.sign(direction) * generator.random()
      const foot: Point = [knee[0] + 0.5 * reach * Math.cos(end), knee[1] + 0.5 * reach * Math.sin(end)]
      return polyline([hip, knee, foot], [0.05, 0.038, 0.018], dark)
    }),
  )
  const fat = generator.uniform(0.75, 1.15)
  const abdomen = { ...dome([-0.3, 0], [0.4, 0.33 * fat], color), fuzz: generator.uniform(0, 0.08) }
  const spots = [-0.15, -0.4].flatMap((x) =>
    mirrored((side) => [dome([x, side * 0.1], [0.05, 0.04], marking)]),
  )
  const head = dome([0.25, 0], [0.24, 0.2], mixColors(color, dark, 0.5))
  return [...legs, abdomen, ...(generator.random() < 0.5 ? spots : []), head]
}

/** An oval back with a seam, often with spots; a broad head; six short legs. */
export const beetle: Subject = (generator, color, marking) => {
  const dark = scaleColor(color, 0.5)
  const fat = generator.uniform(0.8, 1.15)
  const legs = [0.35, 0, -0.4].flatMap((hip, index) =>
    mirrored((side) => {
      const slant = 0.25 * (1 - index) + jitter(generator, 0.08)
      const knee: Point = [hip + slant, side * 0.62 * fat]
      const foot: Point = [hip + 1.6 * slant, side * (0.78 * fat + jitter(generator, 0.06))]
      return polyline([[hip, side * 0.2], knee, foot], [0.06, 0.05, 0.025], dark)
    }),
  )
  const antennae = mirrored((side) =>
    polyline(
      [
        [0.75, side * 0.1],
        [0.95, side * (0.25 + jitter(generator, 0.1))],
      ],
      [0.03, 0.02],
      dark,
    ),
  )
  const spotCount = generator.integer(0, 4)
  const spots = Array.from({ length: spotCount }, (_, index) => 0.25 - 0.35 * index).flatMap((x) =>
    mirrored((side) => [dome([x, side * 0.22 * fat], [0.1, 0.09], marking)]),
  )
  const back = dome([-0.15, 0], [0.68, 0.48 * fat], color)
  const seam = polyline(
    [
      [0.5, 0],
      [-0.83, 0],
    ],
    [0.018, 0.012],
    dark,
  )
  const front = [
    dome([0.52, 0], [0.2, 0.36 * fat], mixColors(color, dark, 0.4)),
    dome([0.72, 0], [0.15, 0.2], dark),
  ]
  return [...legs, ...antennae, back, ...seam, ...spots, ...front]
}

/** Four broad opaque wings with an eye-spot, a thin body, clubbed antennae. */
export const butterfly: Subject = (generator, color, marking) => {
  const dark = scaleColor(color, 0.4)
  const spread = generator.uniform(0.55, 1)
  const wings = mirrored((side): Part[] => {
    const [front, back] = [side * (1.1 + jitter(generator, 0.08)), side * 2.2]
    const [long, short] = [0.5 * spread + 0.12, 0.4 * spread + 0.1]
    return [
      { ...wing([-0.05, side * 0.06], short, 0.3, back, scaleColor(color, 0.85)), alpha: 1 },
      { ...wing([0.1, side * 0.06], long, 0.29, front, color), alpha: 1 },
      dome(
        [0.1 + 1.2 * long * Math.cos(front), side * (0.1 + 1.2 * long * Math.abs(Math.sin(front)))],
        [0.09, 0.09],
        marking,
      ),
      dome(
        [-0.05 + short * Math.cos(back), side * (0.1 + short * Math.abs(Math.sin(back)))],
        [0.08, 0.08],
        marking,
      ),
    ]
  })
  const antennae = mirrored((side) => [
    ...polyline(
      [
        [0.45, side * 0.04],
        [0.85, side * (0.3 + jitter(generator, 0.1))],
      ],
      [0.022, 0.016],
      dark,
    ),
  ])
  return [...wings, ...antennae, dome([-0.05, 0], [0.5, 0.07], dark), dome([0.45, 0], [0.09, 0.08], dark)]
}

/** A long thin body, banded, and four long clear wings at right angles to it. */
export const dragonfly: Subject = (generator, color, marking) => {
  const dark = scaleColor(color, 0.6)
  const bands = { count: generator.integer(4, 8), phase: generator.random(), color: marking }
  const alpha = generator.uniform(0.35, 0.6)
  const clear: Color = [0.9, 0.95, 1]
  const [front, back] = [1.25 + jitter(generator, 0.2), 1.75 + jitter(generator, 0.2)]
  const wings = mirrored((side): Part[] => [
    { ...wing([0.2, side * 0.08], 0.46, 0.12, side * back, clear), alpha },
    { ...wing([0.35, side * 0.08], 0.46, 0.11, side * front, clear), alpha },
  ])
  return [
    { ...dome([-0.4, 0], [0.6, generator.uniform(0.05, 0.085)], color), bands },
    dome([0.35, 0], [0.22, 0.14], color),
    dome([0.65, 0], [0.12, 0.15], dark),
    ...mirrored((side) => [dome([0.7, side * 0.11], [0.09, 0.08], scaleColor(color, 0.35))]),
    ...wings,
  ]
}

/** A chain of equal round segments along a curve, with stubby legs. */
export const caterpillar: Subject = (generator, color, marking) => {
  const count = generator.integer(7, 11)
  const [curve, phase] = [generator.uniform(0.05, 0.35), generator.uniform(0, 6.3)]
  const thick = generator.uniform(0.14, 0.2)
  const fuzz = generator.random() < 0.5 ? 0.12 : 0.02
  const place = (index: number): Point => {
    const x = -0.85 + (1.7 * index) / (count - 1)
    return [x, curve * Math.sin(2.6 * x + phase)]
  }
  const segments = Array.from({ length: count }, (_, index): Part[] => {
    const [x, y] = place(index)
    const head = index === count - 1
    const legs = mirrored((side) =>
      polyline(
        [
          [x, y],
          [x, y + side * (thick + 0.09)],
        ],
        [0.045, 0.025],
        scaleColor(color, 0.5),
      ),
    )
    const tone = head ? marking : index % 2 === 0 ? color : mixColors(color, marking, 0.3)
    return [...legs, { ...dome([x, y], [thick, thick * 1.05], tone), fuzz }]
  })
  return segments.flat()
}

/** A coiled shell beside a long soft body with two feelers. */
export const snail: Subject = (generator, color, marking) => {
  const soft = mixColors(marking, [0.7, 0.6, 0.45], 0.5)
  const feelers = mirrored((side) =>
    polyline(
      [
        [0.75, side * 0.05],
        [1.02, side * (0.18 + jitter(generator, 0.08))],
      ],
      [0.035, 0.025],
      soft,
    ),
  )
  const radius = generator.uniform(0.38, 0.5)
  const center: Point = [-0.15, generator.uniform(-0.12, 0.12)]
  const turns = Array.from({ length: 15 }, (_, step): Point => {
    const reach = radius * 0.92 * (1 - step / 15)
    return [center[0] + reach * Math.cos(0.85 * step), center[1] + reach * Math.sin(0.85 * step)]
  })
  const coil = polyline(
    turns,
    turns.map((_, step) => 0.045 - 0.0022 * step),
    scaleColor(color, 0.5),
  )
  return [
    dome([0.1, 0], [0.85, 0.17], soft),
    ...feelers,
    dome(center, [radius, radius * 0.95], color),
    ...coil,
  ]
}
