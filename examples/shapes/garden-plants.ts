import { hsv, mixColors, scaleColor, type Point } from './canvas.ts'
import { dome, jitter, mirrored, polyline, type Part, type Subject } from './parts.ts'

/** What grows in a garden, from above: the rest of the source task. */

/** Petals around a disc. */
export const flower: Subject = (generator, color, marking) => {
  const count = generator.integer(5, 10)
  const wide = generator.uniform(0.7, 1.1) * Math.min(0.3, 1.7 / count)
  const petals = Array.from({ length: count }, (_, index): Part => {
    const turn = (2 * Math.PI * index) / count + jitter(generator, 0.08)
    const center: Point = [0.55 * Math.cos(turn), 0.55 * Math.sin(turn)]
    return { ...dome(center, [0.38, wide], scaleColor(color, generator.uniform(0.9, 1.1))), turn }
  })
  const disc = { ...dome([0, 0], [0.24, 0.24], marking), fuzz: 0.1 }
  return [...petals, disc]
}

/** A fallen leaf: a pointed blade, a midrib with veins, a stalk. */
export const leaf: Subject = (generator, color) => {
  const vein = mixColors(color, generator.random() < 0.6 ? [1, 1, 0.8] : [0, 0, 0], 0.45)
  const wide = generator.uniform(0.3, 0.5)
  const blade = [dome([-0.1, 0], [0.62, wide], color), dome([0.3, 0], [0.55, wide * 0.6], color)]
  const veins = [-0.45, -0.2, 0.05, 0.3].flatMap((x) =>
    mirrored((side) =>
      polyline(
        [
          [x, 0],
          [x + 0.25, side * wide * 0.8],
        ],
        [0.018, 0.01],
        vein,
      ),
    ),
  )
  const rib = polyline(
    [
      [-1.05, jitter(generator, 0.15)],
      [-0.7, 0],
      [0.8, 0],
    ],
    [0.04, 0.032, 0.012],
    vein,
  )
  return [...blade, ...veins, ...rib]
}

/** A stem and a round cap from the side, often with spots. */
export const mushroom: Subject = (generator, color, marking) => {
  const pale = hsv(generator.uniform(0.05, 0.15), generator.uniform(0.05, 0.3), generator.uniform(0.7, 0.95))
  const [wide, thick] = [generator.uniform(0.5, 0.75), generator.uniform(0.14, 0.24)]
  const stem = dome([-0.4, 0], [0.6, thick], pale)
  const gills = dome([0.18, 0], [0.14, wide * 0.9], scaleColor(pale, 0.6))
  const cap = dome([0.4, 0], [0.34, wide], color)
  const spots = Array.from({ length: generator.integer(0, 6) }, (): Part => {
    const size = generator.uniform(0.05, 0.1)
    return dome([0.4 + jitter(generator, 0.2), jitter(generator, wide * 0.7)], [size, size], marking)
  })
  return [stem, gills, cap, ...spots]
}
