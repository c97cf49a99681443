/**
 * Loads damaged models for real: `fuzz-onnx-sessions.ts <count> <files…>`. Prints the harness's report, or fails with the
 * case; where ONNX Runtime takes the process with it, its last line on stderr says which case that was.
 */
import { readFileSync } from 'node:fs'

import { picture } from '../../src/vision/picture.ts'
import { loadClassifier } from '../../src/train/load-classifier.ts'
import { fuzz } from './fuzz.ts'

const [count, ...files] = process.argv.slice(2)
const seeds = files.map((name) => ({ name, bytes: new Uint8Array(readFileSync(name)) }))
let index = 0
const load = async (file: Uint8Array): Promise<unknown> => {
  process.stderr.write(`case ${index++}\n`)
  await using classifier = await loadClassifier(file, { engine: 'inline', threads: 1 })
  return await classifier.predict(picture(24, 24, 3))
}
// ONNX Runtime's own memory isn't JavaScript's; a damaged size within it is its own affair.
const report = await fuzz(seeds, load, {
  cases: Number(count),
  seed: 2,
  mostMilliseconds: 20_000,
  mostBytes: () => Infinity,
})
console.log(JSON.stringify(report))
