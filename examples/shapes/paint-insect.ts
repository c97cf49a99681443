import { blurPlanes, mixColors, scaleColor, type Canvas, type Color, type Point } from './canvas.ts'
import type { Noise } from './noise.ts'
import type { Ellipse, Limb, Part } from './parts.ts'

/** How an insect sits in the picture. */
export interface Pose {
  /** Pixels of the insect's unit, half of its length. */
  readonly scale: number
  /** Direction of its head. */
  readonly turn: number
  /** Width over length as seen: below 1 from the side. */
  readonly squeeze: number
  readonly center: Point
  /** Direction that the light comes from, in the picture's frame. */
  readonly light: number
  /** Shadow: how far it falls as a share of `scale`, how soft in pixels, how dark. */
  readonly shadow: { readonly distance: number; readonly softness: number; readonly darkness: number }
}

/** What a part does at a point: how much it covers, and with which color. */
interface Sample {
  readonly cover: number
  readonly color: Color
}

/** Paints an insect with its shadow, parts in order. `texture` roughens its edges and colors. */
export function paintInsect(canvas: Canvas, parts: readonly Part[], pose: Pose, texture: Noise): void {
  const { distance, softness, darkness } = pose.shadow
  const fall = distance * pose.scale
  const shift: Point = [-fall * Math.cos(pose.light), -fall * Math.sin(pose.light)]
  const mask = new Float32Array(canvas.size ** 2)
  for (const part of parts) {
    forPart(canvas.size, part, pose, shift, texture, (x, y, { cover }) => {
      const at = y * canvas.size + x
      mask[at] = Math.max(mask[at]!, cover)
    })
  }
  blurPlanes(mask, canvas.size, 1, softness)
  canvas.map((value, x, y) => value * (1 - darkness * mask[y * canvas.size + x]!))
  for (const part of parts) {
    forPart(canvas.size, part, pose, [0, 0], texture, (x, y, { cover, color }) => {
      canvas.blend(x, y, color, cover)
    })
  }
}

/** Samples a part at every pixel that it may cover. */
function forPart(
  size: number,
  part: Part,
  pose: Pose,
  shift: Point,
  texture: Noise,
  paint: (x: number, y: number, sample: Sample) => void,
): void {
  const [cos, sin] = [Math.cos(pose.turn), Math.sin(pose.turn)]
  const { middle, reach } = extent(part)
  const [u, v] = [middle[0] * pose.scale, middle[1] * pose.scale * pose.squeeze]
  const centerX = pose.center[0] + shift[0]
  const centerY = pose.center[1] + shift[1]
  const [x0, y0] = [centerX + u * cos - v * sin, centerY + u * sin + v * cos]
  const radius = reach * pose.scale + 2
  for (let y = Math.max(0, Math.ceil(y0 - radius)); y <= Math.min(size - 1, y0 + radius); y++) {
    for (let x = Math.max(0, Math.ceil(x0 - radius)); x <= Math.min(size - 1, x0 + radius); x++) {
      const [dx, dy] = [x - centerX, y - centerY]
      const local: Point = [
        (dx * cos + dy * sin) / pose.scale,
        (dy * cos - dx * sin) / (pose.scale * pose.squeeze),
      ]
      const sample =
        part.kind === 'limb' ? sampleLimb(part, local, pose) : sampleEllipse(part, local, pose, texture)
      if (sample.cover > 0) paint(x, y, sample)
    }
  }
}

function extent(part: Part): { middle: Point; reach: number } {
  if (part.kind === 'ellipse')
    return { middle: part.center, reach: Math.max(...part.radii) * (1 + part.fuzz) }
  const { from, to, widths } = part
  const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]
  return { middle, reach: Math.hypot(to[0] - from[0], to[1] - from[1]) / 2 + widths[0] }
}

function sampleLimb({ from, to, widths, color }: Limb, [x, y]: Point, { scale }: Pose): Sample {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]]
  const along = clamp(((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy))
  const width = widths[0] + along * (widths[1] - widths[0])
  const distance = Math.hypot(x - from[0] - along * dx, y - from[1] - along * dy)
  // A limb thinner than a pixel would vanish: it stays one pixel wide and grows fainter instead.
  const halfWidth = Math.max(width * scale, 0.5)
  const faint = Math.min(1, (width * scale) / 0.5)
  return {
    cover: faint * clamp(halfWidth - distance * scale + 0.5),
    color: scaleColor(color, 1.15 - (0.4 * distance) / width),
  }
}

function sampleEllipse(part: Ellipse, [x, y]: Point, pose: Pose, texture: Noise): Sample {
  const [dx, dy] = [x - part.center[0], y - part.center[1]]
  const u = (dx * Math.cos(part.turn) + dy * Math.sin(part.turn)) / part.radii[0]
  const v = (dy * Math.cos(part.turn) - dx * Math.sin(part.turn)) / part.radii[1]
  const radius = Math.hypot(u, v)
  const edge = 1 + part.fuzz * (2 * texture(9 * u + 31, 9 * v + 7) - 1)
  const soft = pose.scale * Math.min(...part.radii)
  const cover = clamp((edge - radius) * soft + 0.5)
  if (cover === 0) return { cover, color: part.color }
  return part.alpha < 1
    ? { cover: cover * wingCover(part, u, v, radius), color: part.color }
    : { cover, color: shadeDome(part, u, v, radius, pose, texture) }
}

/** A clear membrane with a rim and a few veins that run from its root. */
function wingCover({ alpha }: Ellipse, u: number, v: number, radius: number): number {
  const rim = radius > 0.88 ? 1.4 : 1
  const vein = Math.abs(Math.sin(9 * Math.atan2(v, u + 1.15))) < 0.12 ? 1.35 : 1
  return Math.min(1, alpha * Math.max(rim, vein))
}

/** Diffuse light and a highlight on half an ellipsoid. */
function shadeDome(part: Ellipse, u: number, v: number, radius: number, pose: Pose, texture: Noise): Color {
  const height = Math.sqrt(Math.max(0, 1 - radius * radius))
  const light = pose.light - pose.turn - part.turn
  const facing = (u * Math.cos(light) + v * Math.sin(light)) * 0.6 + height * 0.8
  const diffuse = 0.45 + 0.65 * Math.max(0, facing)
  const gloss = 0.45 * Math.max(0, facing) ** (part.fuzz > 0.05 ? 4 : 14) * (part.fuzz > 0.05 ? 0.3 : 1)
  const rough = 0.85 + 0.3 * texture(6 * u + 3, 6 * v + 11)
  return mixColors(scaleColor(bandedColor(part, u, v, texture), diffuse * rough), [1, 1, 1], gloss)
}

function bandedColor({ bands, color }: Ellipse, u: number, v: number, texture: Noise): Color {
  if (!bands) return color
  // The bands follow the roundness of the body.
  const place = (u + 0.18 * v * v + 1) * 0.5 * bands.count + bands.phase + 0.15 * texture(5 * u, 5 * v)
  const wave = place - Math.floor(place)
  return mixColors(color, bands.color, clamp(6 * Math.abs(wave - 0.5) - 1))
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
