import type { JpegJs } from './platform.ts'
import { RuntimeError } from '../core/errors.ts'
import { explainFailure } from './web-explain.ts'

/**
 * The WebAssembly build of libjpeg-turbo, loaded at its first use: in the page it is a chunk of its own, which a page that
 * decodes in workers never asks for. Rejects with {@link RuntimeError} that says what is in the way.
 */
export async function jpegTurbo(): Promise<WebAssembly.Module> {
  try {
    const { default: bytes } = await import('@cwasm/jpeg-turbo/jpeg-turbo.wasm')
    return await WebAssembly.compile(bytes)
  } catch (error) {
    const reason =
      (await explainFailure(error, [])) ??
      'check the network, and whether all files of the library are served'
    throw new RuntimeError(reason, { cause: error })
  }
}

/** jpeg-js' decoder, without its encoder, as a file of its own. */
export async function jpegJs(): Promise<JpegJs> {
  const { default: decode } = await import('jpeg-js/lib/decoder.js')
  return decode
}
