/** The tables of Annex K of the JPEG standard (ITU-T T.81), which most encoders use. */

/** Quantisation at quality 50, row by row. */
export const luminanceQuantisation = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
]

/** Quantisation of the color channels at quality 50, row by row: 99 but for the lowest frequencies. */
export const chrominanceQuantisation = Array.from({ length: 64 }, (_, index) => {
  const corner = [
    [17, 18, 24, 47],
    [18, 21, 26, 66],
    [24, 26, 56, 99],
    [47, 66, 99, 99],
  ]
  return corner[index >> 3]?.[index & 7] ?? 99
})

/** A Huffman table as the file spells it: how many codes there are of 1 … 16 bits, and their symbols in order. */
export interface HuffmanSpec {
  readonly counts: readonly number[]
  readonly symbols: readonly number[]
}

const dcSymbols = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]

export const luminanceDc: HuffmanSpec = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  symbols: dcSymbols,
}

export const chrominanceDc: HuffmanSpec = {
  counts: [0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0],
  symbols: dcSymbols,
}

/** A run of zeros in the upper four bits, the size of the value after it in the lower four. */
export const luminanceAc: HuffmanSpec = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
  symbols: parse(
    '01 02 03 00 04 11 05 12 21 31 41 06 13 51 61 07 22 71 14 32 81 91 a1 08 23 42 b1 c1 15 52 d1 f0 24 33 62 72 82 09 0a',
    [
      [0x16, 5],
      [0x25, 6],
      [0x34, 7],
      [0x43, 8],
      [0x53, 8],
      [0x63, 8],
      [0x73, 8],
      [0x83, 8],
      [0x92, 9],
      [0xa2, 9],
      [0xb2, 9],
      [0xc2, 9],
      [0xd2, 9],
      [0xe1, 10],
      [0xf1, 10],
    ],
  ),
}

export const chrominanceAc: HuffmanSpec = {
  counts: [0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119],
  symbols: parse(
    '00 01 02 03 11 04 05 21 31 06 12 41 51 07 61 71 13 22 32 81 08 14 42 91 a1 b1 c1 09 23 33 52 f0 15 62 72 d1 0a 16 24 34 e1 25 f1',
    [
      [0x17, 4],
      [0x26, 5],
      [0x35, 6],
      [0x43, 8],
      [0x53, 8],
      [0x63, 8],
      [0x73, 8],
      [0x82, 9],
      [0x92, 9],
      [0xa2, 9],
      [0xb2, 9],
      [0xc2, 9],
      [0xd2, 9],
      [0xe2, 9],
      [0xf2, 9],
    ],
  ),
}

/** Symbols one by one, then those of the longest codes as runs of consecutive ones. */
function parse(singles: string, runs: readonly (readonly [first: number, count: number])[]): number[] {
  const consecutive = runs.flatMap(([first, count]) =>
    Array.from({ length: count }, (_, index) => first + index),
  )
  return [...singles.split(' ').map((symbol) => Number.parseInt(symbol, 16)), ...consecutive]
}

/** The order in which a block's 64 coefficients are written: by diagonals, low frequencies first. */
export const zigzag = Array.from({ length: 64 }, (_, index) => index).sort((a, b) => {
  const [diagonalA, diagonalB] = [(a >> 3) + (a & 7), (b >> 3) + (b & 7)]
  if (diagonalA !== diagonalB) return diagonalA - diagonalB
  return diagonalA % 2 === 0 ? (a & 7) - (b & 7) : (b & 7) - (a & 7)
})
