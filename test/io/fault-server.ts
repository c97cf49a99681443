import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server does with a request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void

/** A real HTTP server on this machine that does as it is told, wrong or right. */
export interface FaultServer {
  readonly url: string
  /** What was asked, in order: the method's path, `Range` and `If-Range`. */
  readonly requests: { readonly path: string; readonly range?: string; readonly ifRange?: string }[]
  /** Answers the next requests, one each; then the last of them answers all. */
  plan(...answers: Answer[]): void
  close(): Promise<void>
}

export async function startFaultServer(): Promise<FaultServer> {
  const requests: FaultServer['requests'] = []
  let answers: Answer[] = []
  const server = createServer((request, response) => {
    const { range, 'if-range': ifRange } = request.headers
    requests.push({
      path: request.url!,
      ...(range !== undefined && { range }),
      ...(typeof ifRange === 'string' && { ifRange }),
    })
    const [answer] = answers.length > 1 ? answers.splice(0, 1) : answers
    answer!(response, request)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    plan: (...next) => {
      answers = next
      requests.length = 0
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** How a well-behaved server serves `content`. */
export interface ServeOptions {
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** Breaks the connection after so many bytes of the body. */
  readonly cutAfter?: number | undefined
  /** Sends no more after so many bytes of the body, and leaves the connection open. */
  readonly stallAfter?: number | undefined
  /** What it says of the length, whatever it sends. */
  readonly claimedLength?: number | undefined
  /** Always sends the whole file. */
  readonly ignoresRange?: boolean | undefined
}

/** Serves `content`, by ranges and with validators as HTTP has them; or with a fault. */
export function serve(content: Uint8Array, options: ServeOptions = {}): Answer {
  const { etag, lastModified, ignoresRange, claimedLength } = options
  return (response, request) => {
    if (etag !== undefined) response.setHeader('etag', etag)
    if (lastModified !== undefined) response.setHeader('last-modified', lastModified)
    const validator = request.headers['if-range']
    const isSame = validator === undefined || validator === etag || validator === lastModified
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    const isPart = start > 0 && isSame && !ignoresRange
    if (isPart && start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end()
      return
    }
    const body = isPart ? content.subarray(start) : content
    const headers: Record<string, string> = { 'content-length': String(claimedLength ?? body.length) }
    if (isPart) headers['content-range'] = `bytes ${start}-${content.length - 1}/${content.length}`
    response.writeHead(isPart ? 206 : 200, headers)
    send(response, body, options)
  }
}

function send(response: ServerResponse, body: Uint8Array, { cutAfter, stallAfter }: ServeOptions): void {
  const limit = cutAfter ?? stallAfter
  if (limit === undefined || limit >= body.length) {
    response.end(body)
    return
  }
  response.write(body.subarray(0, limit), () => {
    // A moment, so that what was sent arrives before the reset does.
    if (cutAfter !== undefined) setTimeout(() => response.destroy(), 20)
  })
}

/** Answers with a status and no file. */
export function answer(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => {
    response.writeHead(status, headers).end('sorry')
  }
}
