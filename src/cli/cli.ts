#!/usr/bin/env node
/**
 * The command line, `npx onnx-finetune`: package.json's "bin" once it is bundled. It runs on Node only, and everything that
 * it does is done by the library; here are the names of options, the words and the exit codes.
 */
import { exitCodeOf, report } from './fail.ts'
import { createProgram } from './program.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

try {
  await createProgram().parseAsync()
} catch (error) {
  report(error, process.argv.includes('--verbose'))
  process.exitCode = exitCodeOf(error)
}
