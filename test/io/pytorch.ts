import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'

/** Runs a Python program and parses the JSON that it prints. */
export function runPython(program: string, args: readonly string[] = []): unknown {
  const { status, stdout, stderr } = spawnSync(python, ['-c', program, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Python failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** Whether these Python packages are there. */
export function hasPython(...packages: readonly string[]): boolean {
  return spawnSync(python, ['-c', `import ${packages.join(', ')}`]).status === 0
}
