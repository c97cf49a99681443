declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>
  // eslint-disable-next-line import-x/no-default-export -- so esbuild's loader makes it
  export default bytes
}

/** The halves of the package, which has types for the whole only. */
declare module 'jpeg-js/lib/decoder.js' {
  import type { decode } from 'jpeg-js'
  const decoder: typeof decode
  // eslint-disable-next-line import-x/no-default-export -- so CommonJS arrives
  export default decoder
}

declare module 'jpeg-js/lib/encoder.js' {
  import type { encode } from 'jpeg-js'
  const encoder: typeof encode
  // eslint-disable-next-line import-x/no-default-export -- so CommonJS arrives
  export default encoder
}
