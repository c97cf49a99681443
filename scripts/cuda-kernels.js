/**
 * Writes test/fixtures/runtime/cuda-kernels.json: the operators of ONNX Runtime's CUDA provider and the element types of each
 * kernel, from a copy of docs/OperatorKernels.md of ONNX Runtime's repository at a commit.
 *
 *     node scripts/cuda-kernels.js OperatorKernels.md COMMIT > test/fixtures/runtime/cuda-kernels.json
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'

/** The operator set that our graphs are written in: src/graph/serialize.ts. */
const opset = 18

const [path, commit] = process.argv.slice(2)
const [, section = ''] = readFileSync(path, 'utf8').split('## Operators implemented by CUDAExecutionProvider')

/** Whether `13+`, `[6, 12]` or `13` is the kernel that ONNX Runtime takes in a graph of our operator set. */
function isCurrent(versions) {
  const [since, until = since] = versions.match(/\d+/g).map(Number)
  return since <= opset && (versions.endsWith('+') || opset <= until)
}

const typesIn = (text) => [...text.matchAll(/(?<!seq\()tensor\((\w+)\)/g)].map(([, type]) => type)

const kernels = {}
let domain = ''
let operator = ''
for (const line of section.split('\n## ')[0].split('\n')) {
  const named = /Operator Domain:\*\* \*([\w.]+)\*/.exec(line)
  if (named) domain = named[1] === 'ai.onnx' ? '' : `${named[1]}.`
  const [name, parameters, versions, types] = line.split('|').slice(1, -1)
  if (named || types === undefined || !/\d/.test(versions)) continue
  if (name !== '') operator = domain + name
  // Those of our own domain's rows have a `1+`, and no operator set.
  if (!isCurrent(versions) || operator in kernels) continue
  kernels[operator] = [...new Set([...typesIn(types), ...typesIn(parameters)])].sort().join(' ')
}
const source = 'microsoft/onnxruntime docs/OperatorKernels.md'
process.stdout.write(`${JSON.stringify({ source, commit, opset, kernels }, null, 2)}\n`)
