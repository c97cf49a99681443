import { fileURLToPath } from 'node:url'

import type * as onnxFinetune from '../../../src/index.ts'
import { serve, type ServeOptions, type Server } from './server.ts'

/** What a page of {@link serveLibrary} has as `library`. */
export type Library = typeof onnxFinetune

const at = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))

/** A page with the built library in `globalThis.library`, ONNX Runtime where the library looks for it, and the tests' own modules. */
export function serveLibrary({
  roots = {},
  routes = {},
  ...rest
}: Partial<ServeOptions> = {}): Promise<Server> {
  return serve({
    ...rest,
    roots: {
      '/lib/onnxruntime-web/': at('node_modules/onnxruntime-web/dist'),
      '/lib/': at('dist/web'),
      '/tests/': at('test/web'),
      ...roots,
    },
    routes: {
      // A module of its own: a policy may forbid scripts in the page.
      '/start.js': (_, response) =>
        response
          .setHeader('Content-Type', 'text/javascript')
          .end(
            "globalThis.parity = await import('/tests/parity/steps.js'); globalThis.library = await import('/lib/index.js')",
          ),
      '/': (_, response) =>
        response
          .setHeader('Content-Type', 'text/html')
          .end('<!doctype html><title>library</title><script type="module" src="/start.js"></script>'),
      ...routes,
    },
  })
}
