/** Finds out why a page couldn't load one of the library's files, which browsers tell to nobody but the console. */

const copyFiles =
  'copy the files with "npx onnx-finetune web-assets DIR" beside your bundle, or say where they are by setAssetsFolder(url); ' +
  "Vite's development server needs optimizeDeps: { exclude: ['onnx-finetune'] } in its configuration"

/**
 * Why `urls` couldn't be loaded or run, and what to do about it; `undefined` where that is not the reason for `error`.
 */
export async function explainFailure(error: unknown, urls: readonly string[]): Promise<string | undefined> {
  const message = error instanceof Error ? error.message : String(error)
  if (/wasm-unsafe-eval|unsafe-eval|Content Security Policy|call to WebAssembly.*blocked/i.test(message)) {
    return "the page's Content-Security-Policy forbids WebAssembly: add 'wasm-unsafe-eval' to its directive script-src"
  }
  for (const url of urls) {
    const reason = await whyNotLoaded(url)
    if (reason !== undefined) return reason
  }
  return undefined
}

/** Why a file can't be fetched as code; `undefined` if it can. */
export async function whyNotLoaded(url: string): Promise<string | undefined> {
  let response
  try {
    response = await fetch(url, { method: 'HEAD' })
  } catch {
    if (!globalThis.navigator.onLine)
      return `${url} can't be loaded: this device is offline, and the file is not in its cache`
    return (
      `${url} can't be loaded: the network, the server's CORS headers or the page's Content-Security-Policy ` +
      '(its directive connect-src) are in the way'
    )
  }
  if (!response.ok) return `${url} can't be loaded: the server answered ${response.status}; ${copyFiles}`
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('text/html')) {
    return `${url} is a web page instead of the file, as servers of single-page applications answer for files that they don't have: ${copyFiles}`
  }
  return undefined
}

const violations: { readonly blocked: string; readonly directive: string }[] = []
let isWatching = false

/** Notes from now on what the page's policy blocks: browsers tell that to this event and to nobody else. */
export function watchPolicy(): void {
  if (isWatching) return
  isWatching = true
  globalThis.addEventListener('securitypolicyviolation', ({ blockedURI, effectiveDirective }) => {
    violations.push({ blocked: blockedURI, directive: effectiveDirective })
  })
}

/** The directive of the page's policy that kept `url` from being loaded, if one did. */
export function blockingDirective(url: string): string | undefined {
  return violations.find(({ blocked }) => blocked !== '' && url.startsWith(blocked))?.directive
}
