import type { Command } from 'commander'

import { inspectFile, type FileInspection } from '../io/inspect.ts'
import { finish } from './flags.ts'
import { json, megabytes, shortened, table } from './text.ts'

export function addInspect(program: Command): void {
  const command = program
    .command('inspect')
    .description(
      'Says what a .pth, .safetensors or .onnx file holds, whatever its name. Nothing in it is run.',
    )
    .argument('<file>', 'weights, a checkpoint or a model')
    .option('--json', 'as JSON, with texts in full')
    .action(async (file: string, flags: { readonly json?: true }) => {
      const found = await inspectFile(file)
      console.log(flags.json ? json(found) : format(file, found))
    })
  finish(command, [
    ['inspect out/model.onnx', 'classes, preprocessing, inputs and outputs, tensors'],
    ["inspect resnet18.pth --json | jq -r '.tensors[].name'", 'the names of the weights'],
  ])
}

function format(
  file: string,
  { format: kind, size, tensors, elementCount, ...rest }: FileInspection,
): string {
  const { classes, preprocessing, provenance, graph } = rest
  const facts: [string, string][] = [
    ['file', `${file}: ${kind}, ${megabytes(size)}`],
    ['tensors', `${tensors.length}, with ${elementCount.toLocaleString('en')} elements`],
    ...(classes ? [['classes', shortened(classes.join(', '), 200)] as [string, string]] : []),
    ...(preprocessing ? [['preprocessing', JSON.stringify(preprocessing)] as [string, string]] : []),
    ...(graph ? graphFacts(graph) : []),
    ...Object.entries(provenance).map(([key, value]): [string, string] => [key, shortened(value)]),
  ]
  const width = Math.max(...facts.map(([key]) => key.length))
  const rows = tensors.map(({ name, dtype, shape }) => [name, dtype, `[${shape.join(', ')}]`])
  const head = facts.map(([key, value]) => `${key.padEnd(width)}  ${value}`).join('\n')
  return rows.length === 0 ? head : `${head}\n\n${table(['tensor', 'type', 'shape'], rows)}`
}

function graphFacts(graph: NonNullable<FileInspection['graph']>): [string, string][] {
  const { inputs, outputs, nodeCount, opsets, isPreprocessingInGraph, externalFiles } = graph
  const values = (list: typeof inputs) =>
    list.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape?.join(', ') ?? '?'}]`).join('; ')
  const versions = Object.entries(opsets).map(
    ([domain, number]) => `${domain === '' ? 'ai.onnx' : domain} ${number}`,
  )
  return [
    ['inputs', values(inputs)],
    ['outputs', values(outputs)],
    ['nodes', `${nodeCount}, opset ${versions.join(', ')}`],
    ...(isPreprocessingInGraph ? [['pictures', 'preprocessing is in the graph'] as [string, string]] : []),
    ...(externalFiles.length > 0 ? [['weights in', externalFiles.join(', ')] as [string, string]] : []),
  ]
}
