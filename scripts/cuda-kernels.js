/**
 * Writes test/fixtures/runtime/cuda-kernels.json: each operator of ONNX Runtime's CUDA provider that graphs of our operator set
 * can have, with its kernel's versions, what its inputs and outputs are, and the element types of each. It reads them off
 * docs/OperatorKernels.md of ONNX Runtime's repository, a file that is made there from the registered kernels. `SOURCE` says
 * which one it was:
 *
 *     node scripts/cuda-kernels.js OperatorKernels.md SOURCE > test/fixtures/runtime/cuda-kernels.json
 *
 * Debian's source packages of onnxruntime have the file: `apt-get source --download-only onnxruntime`.
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'

/** The operator set that our graphs are written in: src/graph/serialize.ts. */
const opset = 18

const [path, source] = process.argv.slice(2)
const [, section = ''] = readFileSync(path, 'utf8').split('## Operators implemented by CUDAExecutionProvider')

/** Whether `13+`, `[6, 12]` or `13` is the kernel that ONNX Runtime takes in a graph of our operator set. */
function isCurrent(versions) {
  const [since, until = since] = versions.match(/\d+/g).map(Number)
  return since <= opset && (versions.endsWith('+') || opset <= until)
}

/** `**T** = tensor(float), seq(tensor(int8))<br/> **I** = tensor(int64)` → element types of the tensors by their letter. */
function typesIn(text) {
  const entries = [...text.matchAll(/\*\*(\w+)\*\* = ([^*]*)/g)].map(([, letter, types]) => [
    letter,
    [...types.matchAll(/(?<![\w(])tensor\((\w+)\)/g)].map(([, type]) => type).join(' '),
  ])
  return Object.fromEntries(entries)
}

/** `*in* X:**T**<br> *out* Y:**tensor(int64)**` → `{ in: ['T'], out: ['int64'] }`; several, where versions differ in them. */
function signaturesIn(text) {
  return text.split('<br><br>or<br><br>').map((variant) => {
    const of = (kind) =>
      [...variant.matchAll(/\*(in|out)\* \S+?:\*\*(.+?)\*\*/g)].flatMap(([, found, type]) =>
        found === kind ? [type.replace(/^tensor\((\w+)\)$/, '$1')] : [],
      )
    return { in: of('in'), out: of('out') }
  })
}

const kernels = {}
let domain = ''
let operator = ''
let signatures = []
for (const line of section.split('\n## ')[0].split('\n')) {
  const named = /Operator Domain:\*\* \*([\w.]+)\*/.exec(line)
  if (named) domain = named[1] === 'ai.onnx' ? '' : `${named[1]}.`
  const [name, parameters, versions, types] = line.split('|').slice(1, -1)
  if (named || types === undefined || !/\d/.test(versions)) continue
  if (name !== '') [operator, signatures] = [domain + name, signaturesIn(parameters)]
  // Other domains have versions of their own, and none of our operators. Newer kernels come first.
  if (domain !== '' || !isCurrent(versions) || operator in kernels) continue
  kernels[operator] = { versions, signatures, types: typesIn(types) }
}
const rows = Object.entries(kernels).map(([name, kernel]) => `    "${name}": ${JSON.stringify(kernel)}`)
process.stdout.write(
  `{\n  "source": ${JSON.stringify(source)},\n  "opset": ${opset},\n  "kernels": {\n${rows.join(',\n')}\n  }\n}\n`,
)
