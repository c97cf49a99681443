/** Bundled as bytes: scripts/bundle-web.js. */
declare module '*.wasm' {
  const bytes: Uint8Array<ArrayBuffer>
  // eslint-disable-next-line import-x/no-default-export -- so esbuild's loader makes it
  export default bytes
}
