import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'

/** What the numbers were measured on. */
export function machineFacts(versions: Readonly<Record<string, string>>) {
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ', changed'),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 1e9),
    system: `${platform()} ${release()}`,
    versions: { node: process.versions.node, ...versions },
  }
}

export type MachineFacts = ReturnType<typeof machineFacts>

/** Empty outside of a clone. */
function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

/** In one line. */
export function describeMachine({
  processor,
  cores,
  memoryGB,
  system,
  versions,
  date,
  commit,
}: MachineFacts): string {
  const libraries = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${date}, commit ${commit}; ${processor}, ${cores} cores, ${memoryGB} GB, ${system}; ${libraries.join(', ')}`
}
