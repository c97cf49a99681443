import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import ts from 'typescript'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { generateShapes } from '../../examples/shapes/generate.ts'
import { models, writeSafetensors } from '../../src/index.ts'
import { snippets } from './snippets.ts'

// Inside of the package, so that the examples' imports of 'onnx-finetune' mean it.
let folder: string
beforeEach(() => {
  mkdirSync('out', { recursive: true })
  folder = mkdtempSync(join('out', 'docs-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

it('type-checks every example of README, guides and doc comments', () => {
  const found = snippets()
  expect(found.length).toBeGreaterThan(10)
  found.forEach(({ source, code }, index) => {
    writeFileSync(join(folder, `${index}.ts`), `// ${source}\nexport {}\n${code}`)
  })
  const config = {
    extends: resolve('tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['*.ts', resolve('src/platform/modules.d.ts')],
  }
  const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, resolve(folder))
  const program = ts.createProgram(fileNames, options)
  // Those of the examples alone: the library's own are found by `npm run typecheck`.
  const inExamples = fileNames.flatMap((file) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(file)),
  )
  const problems = [...errors, ...inExamples]
  const printed = ts.formatDiagnostics(problems, ts.createCompilerHost(options))
  const named = printed.replace(/\S*?(\d+)\.ts(?=\()/g, (_, index: string) => found[Number(index)]!.source)
  expect(named).toBe('')
}, 120_000)

it("runs the README's example as it stands", async () => {
  const data = join(folder, 'data')
  await generateShapes({
    directory: join(data, 'hymenoptera_data'),
    trainPerClass: 3,
    valPerClass: 1,
    size: 96,
  })
  await writeSafetensors(join(data, 'resnet18.pth'), (await models.resnet18()).stateDict())
  const example = snippets().find(({ source }) => source.startsWith('README'))!
  writeFileSync(join(folder, 'example.ts'), example.code)
  const printed = execFileSync('node', ['--import', 'tsx', 'example.ts'], { encoding: 'utf8', cwd: folder })
  expect(printed.match(/^train Loss: \d/gm)).toHaveLength(25)
  expect(printed).toMatch(/^(0|0\.5|1)$/m)
}, 180_000)
