import { describe, expect, it } from 'vitest'

import { rasterizeSvg } from '#platform'

import { ArgumentError, decodeImage, picture } from '../../src/index.ts'
import { captionedGrid } from '../../src/vision/captioned-grid.ts'

const grey = () => picture(4, 4, 3, new Uint8Array(48).fill(120))

describe('captionedGrid', () => {
  it('is a picture of which each place shows its pixels, frame and text', async () => {
    const svg = captionedGrid(
      [
        { picture: grey(), caption: ['ants'], color: '#ff0000' },
        { picture: grey(), caption: ['bees', 'again'] },
      ],
      { columns: 2, size: 64 },
    )
    const png = decodeImage(await rasterizeSvg(svg))
    const at = (y: number, x: number) => [0, 1, 2].map((channel) => png.get(y, x, channel))
    expect(png.shape).toEqual([16 + 64 + 2 * 20 + 16, 16 + 2 * (64 + 16), 3])
    expect(at(16 + 32, 16 + 32)).toEqual([120, 120, 120])
    expect(at(16 + 32, 16 - 3)).toEqual([255, 0, 0])
    expect(at(16 + 32, 16 + 80 - 3)).toEqual([255, 255, 255])
    const below = Array.from({ length: 64 * 20 }, (_, index) =>
      at(16 + 68 + Math.floor(index / 64), 16 + (index % 64)),
    )
    expect(below.filter(([red, green]) => red! > 200 && green! < 120).length).toBeGreaterThan(30)
  })

  it('shows markup in a caption as text, and cuts what is too long', () => {
    const svg = captionedGrid([{ picture: grey(), caption: ['<b>&"', 'x'.repeat(100)] }], { size: 64 })
    expect(svg).toContain('&lt;b&gt;&amp;&quot;')
    expect(svg).toMatch(/>x{4,8}…</)
  })

  it('refuses an empty list', () => {
    expect(() => captionedGrid([])).toThrow(ArgumentError)
  })
})
