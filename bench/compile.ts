import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import ts from 'typescript'

/**
 * Writes the modules that run in a measured process as plain JavaScript, below `out`: `tsx` would add its own
 * threads, memory and start. They find the built package because they lie inside of it.
 */
export function compileContenders(out: string): void {
  const sources = readdirSync(new URL('ours/', import.meta.url)).map((name) => join('ours', name))
  for (const name of ['serve.ts', 'resident.ts', ...sources]) {
    const { outputText } = ts.transpileModule(readFileSync(new URL(name, import.meta.url), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        rewriteRelativeImportExtensions: true,
        verbatimModuleSyntax: true,
      },
    })
    const path = join(out, name.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, outputText)
  }
}
