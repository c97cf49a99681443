import { ArgumentError } from '../../core/errors.ts'
import type { Generator } from '../../core/generator.ts'
import type { Picture } from '../picture.ts'
import { adjustBrightness, adjustContrast, adjustSaturation } from './color.ts'
import { adjustHue } from './hue.ts'
import { expectPicture } from './input.ts'
import { checkRange, type Range } from './options.ts'
import type { Transform, TransformInput } from './transform.ts'

/** How far a property is varied: a range of factors, or a number d ≥ 0 for that much around no change. */
export type Jitter = number | Range

/** Options of {@link ColorJitter}; 0, the default of each, leaves that property alone. */
export interface ColorJitterOptions {
  /** Factors from max(0, 1 − d) to 1 + d. */
  readonly brightness?: Jitter | undefined
  /** Factors from max(0, 1 − d) to 1 + d. */
  readonly contrast?: Jitter | undefined
  /** Factors from max(0, 1 − d) to 1 + d. */
  readonly saturation?: Jitter | undefined
  /** Turns of the colour circle from −d to d, at most 0.5. */
  readonly hue?: Jitter | undefined
}

/** What {@link ColorJitter} does to one picture: factors, and the order in which they are applied. */
export interface ColorJitterParams {
  /** 0 brightness, 1 contrast, 2 saturation, 3 hue. */
  readonly order: readonly number[]
  readonly brightness?: number | undefined
  readonly contrast?: number | undefined
  readonly saturation?: number | undefined
  readonly hue?: number | undefined
}

const properties: readonly (keyof ColorJitterOptions)[] = ['brightness', 'contrast', 'saturation', 'hue']
const adjustments = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
}

/**
 * Varies brightness, contrast, saturation and hue of a picture at random, in random order.
 *
 * @see https://pytorch.org/vision/0.14/generated/torchvision.transforms.ColorJitter.html
 */
export class ColorJitter implements Transform {
  static readonly name: string = 'ColorJitter'

  readonly ranges: Readonly<Record<keyof ColorJitterOptions, Range | undefined>>

  /** @throws {@link ArgumentError} if a number is negative, or a range is outside of what is said above. */
  constructor(readonly options: ColorJitterOptions = {}) {
    const { brightness = 0, contrast = 0, saturation = 0, hue = 0 } = options
    this.ranges = {
      brightness: factorRange(brightness, 'brightness'),
      contrast: factorRange(contrast, 'contrast'),
      saturation: factorRange(saturation, 'saturation'),
      hue: hueRange(hue),
    }
  }

  toArguments(): readonly unknown[] {
    return [this.options]
  }

  /** Draws the order, then a factor for each property that has a range. */
  static getParams(
    ranges: Readonly<Partial<Record<keyof ColorJitterOptions, Range | undefined>>>,
    generator: Generator,
  ): ColorJitterParams {
    const draw = (range: Range | undefined) => range && generator.uniform(...range)
    return {
      order: generator.permutation(4),
      brightness: draw(ranges.brightness),
      contrast: draw(ranges.contrast),
      saturation: draw(ranges.saturation),
      hue: draw(ranges.hue),
    }
  }

  /** @throws {@link ArgumentError} if the input is a tensor. */
  forward(input: TransformInput, generator: Generator): Picture {
    return jitterColor(expectPicture(input, 'ColorJitter'), ColorJitter.getParams(this.ranges, generator))
  }
}

/** Applies drawn parameters. The work of {@link ColorJitter}. */
export function jitterColor(source: Picture, params: ColorJitterParams): Picture {
  return params.order.reduce((image, index) => {
    const property = properties[index]!
    const factor = params[property]
    return factor === undefined ? image : adjustments[property](image, factor)
  }, source)
}

function factorRange(jitter: Jitter, name: string): Range | undefined {
  checkJitter(jitter, name)
  const range: Range = typeof jitter === 'number' ? [Math.max(1 - jitter, 0), 1 + jitter] : jitter
  checkRange(range, name, 'ColorJitter', [0, Infinity])
  return range[0] === 1 && range[1] === 1 ? undefined : range
}

function hueRange(jitter: Jitter): Range | undefined {
  checkJitter(jitter, 'hue')
  const range: Range = typeof jitter === 'number' ? [-jitter, jitter] : jitter
  checkRange(range, 'hue', 'ColorJitter', [-0.5, 0.5])
  return range[0] === 0 && range[1] === 0 ? undefined : range
}

function checkJitter(jitter: Jitter, name: string): void {
  if (typeof jitter !== 'number' || jitter >= 0) return
  throw new ArgumentError(`ColorJitter: ${name} must not be negative, but is ${jitter}`)
}
