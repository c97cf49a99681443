import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

it("type-checks and runs the README's example", () => {
  const readme = readFileSync('README.md', 'utf8')
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  expect(code).toContain("from 'onnx-finetune'")
  const folder = mkdtempSync(join('test/docs', 'readme-'))
  try {
    const file = join(folder, 'example.ts')
    writeFileSync(file, code.replace("from 'onnx-finetune'", "from '../../../src/index.ts'"))
    const config = join(folder, 'tsconfig.json')
    writeFileSync(config, JSON.stringify({ extends: '../../../tsconfig.json', include: ['example.ts'] }))
    execFileSync('npx', ['tsc', '-p', config], { stdio: 'pipe' })
    const script = code
      .replace("from 'onnx-finetune'", "from '../../../src/index.ts'")
      .replace("device: 'cpu'", "device: 'cpu', engine: 'inline'")
    writeFileSync(file, script)
    const flags = ['--conditions=onnx-finetune-source', '--import', 'tsx', file]
    const printed = execFileSync('node', flags, { encoding: 'utf8' })
    expect(printed.match(/loss: [\d.]+/g)).toHaveLength(2)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)
