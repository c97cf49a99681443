import { readFileSync } from 'node:fs'

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { ArgumentError, FileFormatError } from '../../src/core/errors.ts'
import { version } from '../../src/core/version.ts'
import { decodeSafetensors } from '../../src/io/safetensors-decode.ts'
import { encodeSafetensors } from '../../src/io/safetensors-encode.ts'
import { weightsInfo, weightsMetadata } from '../../src/io/weights-info.ts'
import type { Preprocessing } from '../../src/vision/preprocessing.ts'

const preprocessing: Preprocessing = {
  resizeSize: 232,
  cropSize: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  interpolation: 'bicubic',
}

it('knows the version of package.json', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  expect(version).toBe((JSON.parse(text) as { version: string }).version)
})

describe('class names, preprocessing and version', () => {
  it('come back from a file as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (classes) => {
        const file = encodeSafetensors(new Map(), weightsMetadata({ classes, preprocessing }))
        expect(weightsInfo(decodeSafetensors(file).metadata)).toEqual({
          classes,
          preprocessing,
          libraryVersion: version,
        })
      }),
    )
  })

  it('are texts of JSON, and say what Hugging Face asks for', () => {
    const metadata = weightsMetadata({ classes: ['ants', 'bees, wasps'] })
    expect(metadata).toEqual({
      format: 'pt',
      onnx_finetune_version: version,
      classes: '["ants","bees, wasps"]',
    })
  })

  it('may be missing, as in files of others', () => {
    expect(weightsInfo({ format: 'pt', epochs: '3' })).toEqual({})
    expect(weightsInfo(weightsMetadata({}))).toEqual({ libraryVersion: version })
  })

  it.each([
    ['classes', 'ants,bees'],
    ['classes', '{"0":"ants"}'],
    ['classes', '[1]'],
    ['preprocessing', '[]'],
    ['preprocessing', 'null'],
    ['preprocessing', JSON.stringify({ ...preprocessing, cropSize: 1e9 })],
    ['preprocessing', JSON.stringify({ ...preprocessing, std: [1, 0, 1] })],
    ['preprocessing', JSON.stringify({ ...preprocessing, mean: [0] })],
    ['preprocessing', JSON.stringify({ ...preprocessing, interpolation: 'magic' })],
  ])('are refused where %s is %s', (key, text) => {
    expect(() => weightsInfo({ [key]: text })).toThrow(FileFormatError)
    expect(() => weightsInfo({ [key]: text })).toThrow(`the metadata '${key}' can't be used`)
  })

  it('are refused before they are written, too', () => {
    expect(() => weightsMetadata({ classes: 'ants' as never })).toThrow(ArgumentError)
    expect(() => weightsMetadata({ preprocessing: { ...preprocessing, resizeSize: 0 } })).toThrow(
      ArgumentError,
    )
  })
})
