import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { extname, join } from 'node:path'

/** How a site is served. */
export interface ServeOptions {
  /** Folders by where they begin in URLs, as `{ '/': 'dist', '/data/': 'fixtures' }`; the longest that fits serves. */
  readonly roots: Readonly<Record<string, string>>
  /** Whether pages are cross-origin isolated, which threads need. Default: true. */
  readonly isIsolated?: boolean
  /** The Content-Security-Policy; none by default. */
  readonly policy?: string
  /** Answers by path, before the folders are looked at. */
  readonly routes?: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>>
}

/** A server that runs. */
export interface Server {
  /** Ends in a slash. */
  readonly url: string
  close(): Promise<void>
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
}

/** Serves folders on a port of the system's choice. */
export async function serve(options: ServeOptions): Promise<Server> {
  const server = createServer((request, response) => void answer(request, response, options))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  return {
    // Not by its number: browsers take only localhost as secure without https.
    url: `http://localhost:${port}/`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve, reject) => {
        server.close((error) => {
          if (error) reject(error)
          else resolve()
        })
      })
    },
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeOptions,
): Promise<void> {
  const { isIsolated = true, policy, routes = {} } = options
  if (isIsolated) {
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
  }
  if (policy !== undefined) response.setHeader('Content-Security-Policy', policy)
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
  const route = routes[path]
  if (route) {
    route(request, response)
    return
  }
  if (path === '/favicon.ico') {
    response.writeHead(204).end()
    return
  }
  const file = fileOf(path.endsWith('/') ? `${path}index.html` : path, options.roots)
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined)
  if (file === undefined || !found?.isFile()) {
    response.writeHead(404).end('not found')
    return
  }
  response.writeHead(200, {
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': found.size,
  })
  if (request.method === 'HEAD') response.end()
  else createReadStream(file).pipe(response)
}

function fileOf(path: string, roots: ServeOptions['roots']): string | undefined {
  const [prefix] = Object.keys(roots)
    .filter((root) => path.startsWith(root))
    .sort((a, b) => b.length - a.length)
  return prefix === undefined ? undefined : join(roots[prefix]!, path.slice(prefix.length))
}
