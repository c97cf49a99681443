import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type * as jpegJsPackage from 'jpeg-js'
import type * as koffiPackage from 'koffi'

import { RuntimeError } from '../core/errors.ts'
import type { NativeJpegTurbo, Platform } from './platform.ts'

const require = createRequire(import.meta.url)

/** The WebAssembly file of `@cwasm/jpeg-turbo`, whose own loader always makes RGBA and leaks on errors. */
export const jpegTurbo: Platform['jpegTurbo'] = () =>
  new WebAssembly.Module(readFileSync(require.resolve('@cwasm/jpeg-turbo/jpeg-turbo.wasm')))

/** jpeg-js' decoder. */
export const jpegJs: Platform['jpegJs'] = () => (require('jpeg-js') as typeof jpegJsPackage).decode

/** Node has no decoder of its own: always rejects. */
export const decodeByBrowser: Platform['decodeByBrowser'] = () =>
  Promise.reject(
    new RuntimeError("codec: 'browser' is for pages: leave it out in Node, which decodes JPEG and PNG"),
  )

/**
 * The shared library that `@julusian/jpeg-turbo` brings along on Linux, called through koffi. The package's own binding
 * always takes the fast, inexact DCT (`TJFLAG_FASTDCT`), whose bytes are not Pillow's.
 */
export function nativeJpegTurbo(): NativeJpegTurbo {
  if (process.platform !== 'linux') throw new Error(`there is no build of it for ${process.platform}`)
  const koffi = require('koffi') as typeof koffiPackage
  const library = koffi.load(join(prebuilt(), 'libturbojpeg.so.0'))
  const create = library.func('void *tjInitDecompress()')
  const destroy = library.func('int tjDestroy(void *handle)')
  const codeOf = library.func('int tjGetErrorCode(void *handle)')
  const messageOf = library.func('const char *tjGetErrorStr2(void *handle)')
  const decompress = library.func(
    'int tjDecompress2(void *handle, const void *source, unsigned long size, void *target, int width, int pitch, ' +
      'int height, int format, int flags)',
  )
  return {
    decompress: (source, target, width, height, format, flags) => {
      const handle: unknown = create()
      try {
        const pitch = target.length / height
        const status: unknown = decompress(
          handle,
          source,
          source.length,
          target,
          width,
          pitch,
          height,
          format,
          flags,
        )
        // A fatal error is 1; what libjpeg could mend, 0.
        if (status !== 0 && codeOf(handle) !== 0) throw new Error(String(messageOf(handle)))
        return status !== 0
      } finally {
        destroy(handle)
      }
    },
  }
}

function prebuilt(): string {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } })
    .header
  const variant = `jpeg-turbo-linux-${process.arch}${glibcVersionRuntime === undefined ? '-musl' : ''}`
  return join(dirname(require.resolve('@julusian/jpeg-turbo/package.json')), 'prebuilds', variant)
}
