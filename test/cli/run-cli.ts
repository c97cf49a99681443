import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What the command line did. */
export interface CliRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const main = fileURLToPath(new URL('../../dist/node/cli.js', import.meta.url))

/** Runs the command line as it is built, as a process of its own. `watch` is called with what is printed so far. */
export async function cli(
  args: readonly string[],
  watch: (stdout: string, child: ChildProcess) => void = () => undefined,
): Promise<CliRun> {
  const child = spawn(process.execPath, [main, ...args])
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (piece: Buffer) => {
    stdout += String(piece)
    watch(stdout, child)
  })
  child.stderr.on('data', (piece: Buffer) => (stderr += String(piece)))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  return { code, stdout, stderr }
}
