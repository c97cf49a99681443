import { create } from '@bufbuild/protobuf'
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  TensorProtoSchema,
  TensorProto_DataType as DataType,
  type GraphProto,
  type ModelProto,
} from 'onnx-buf'

import { ArgumentError } from '../core/errors.ts'
import { formatShape } from '../core/shape.ts'
import type { Graph, Value } from '../graph/graph.ts'
import { modelProto } from '../graph/serialize.ts'
import type { Module } from '../nn/module.ts'
import { traceModule } from '../nn/trace.ts'
import { softmax } from '../ops/activations.ts'
import { lowerGraph } from '../ops/lower.ts'
import { nodeOf, renameValues } from './onnx-proto.ts'
import { castToFloat } from './onnx-half.ts'

/** What {@link inferenceModel} builds. */
export interface InferenceSpec {
  /** Without the batch. */
  readonly inputShape: readonly number[]
  /** Whether the batch is of any size, or 1. */
  readonly isBatchDynamic: boolean
  /** The classes, for a classifier: their number is checked. */
  readonly classes: readonly string[] | undefined
  /** Whether the softmax of the logits is an output, too. */
  readonly hasProbabilities: boolean
}

/** A module in evaluation mode as a model of opset 18: `input` → `logits` (or `output`), perhaps `probabilities`; weights constant. */
export function inferenceModel(module: Module, spec: InferenceSpec): ModelProto {
  const batch = spec.isBatchDynamic ? 'N' : 1
  const { trace, output } = inEvaluation(module, () =>
    traceModule(module, { inputShape: [batch, ...spec.inputShape], asConstant: () => true }),
  )
  if (spec.classes) checkLogits(output, spec.classes)
  const outputs = new Map([[spec.classes ? 'logits' : 'output', output]])
  if (spec.hasProbabilities) outputs.set('probabilities', softmax(output))
  for (const value of outputs.values()) trace.graph.output(value)
  // The formulation for devices of every kind: inference has only plain operators in either.
  const { graph, map } = lowerGraph(trace.graph, { device: 'cpu' })
  const model = modelProto(graph)
  const names = new Map([...outputs].map(([name, value]) => [map.get(value)!.name, name]))
  nameOutputs(model.graph!, graph, names)
  computeBatchSize(model.graph!)
  return model
}

/** What `run` returns with the module in evaluation mode; its modules' own modes come back. */
function inEvaluation<T>(module: Module, run: () => T): T {
  const flags = [...module.namedModules()].map(([, child]) => ({ child, training: child.training }))
  module.eval()
  try {
    return run()
  } finally {
    for (const { child, training } of flags) child.training = training
  }
}

function checkLogits(output: Value, classes: readonly string[]): void {
  const numClasses = output.shape[1]
  if (output.rank === 2 && numClasses === classes.length) return
  throw new ArgumentError(
    `the model gives ${formatShape(output.shape)}, which don't fit the ${classes.length} classes: ` +
      `give as many names as the model has outputs, [N, ${output.rank === 2 ? String(numClasses) : 'classes'}]`,
  )
}

/** An output that is an input or a weight as it is gets a node of its own. */
function nameOutputs(proto: GraphProto, graph: Graph, names: ReadonlyMap<string, string>): void {
  const made = new Set(proto.node.flatMap(({ output }) => output))
  for (const { name } of graph.outputs) {
    if (!made.has(name)) proto.node.push(nodeOf('Identity', [name], [names.get(name)!]))
  }
  for (const item of proto.output) if (!made.has(item.name)) item.name = names.get(item.name)!
  renameValues(proto, (name) => (made.has(name) ? (names.get(name) ?? name) : name))
}

/** A training session feeds the batch's size; a model on its own takes it from its input. */
function computeBatchSize(graph: GraphProto): void {
  const size = graph.input.find(({ name }) => name.startsWith('dim:'))?.name
  if (size === undefined) return
  graph.input = graph.input.filter(({ name }) => name !== size)
  const axis = create(AttributeProtoSchema, { name: 'axis', type: AttributeType.INT, i: 0n })
  const zero = create(TensorProtoSchema, {
    name: `${size}/first`,
    dataType: DataType.INT64,
    rawData: new Uint8Array(8),
  })
  graph.initializer.push(zero)
  graph.node.unshift(
    nodeOf('Shape', ['input'], [`${size}/shape`]),
    nodeOf('Gather', [`${size}/shape`, zero.name], [`${size}/int64`], [axis]),
    castToFloat(`${size}/int64`, size),
  )
}
