export type { DType, TypedArray } from './core/dtype.ts'
export * from './core/errors.ts'
export { Generator, type GeneratorState } from './core/generator.ts'
export type { Shape } from './core/shape.ts'
export { Tensor, type NestedArray } from './core/tensor.ts'
export { differentiate } from './autodiff/differentiate.ts'
export type { Dataset, Sample, SampleJob } from './data/dataset.ts'
export {
  Graph,
  Node,
  Value,
  type Attributes,
  type AttributeValue,
  type Dim,
  type ValueType,
} from './graph/graph.ts'
export * as nn from './nn/nn.ts'
export { registerOp } from './ops/definitions.ts'
export * as ops from './ops/ops.ts'
export type { LoweringTarget, OpDefinition } from './ops/registry.ts'
export * as optim from './optim/optim.ts'
export type { Device } from './runtime/providers.ts'
export { TrainingSession, type SessionStep, type TrainingSessionOptions } from './runtime/training-session.ts'
export type { Criterion, TargetSpec } from './runtime/criterion.ts'
export type {
  BatchEvent,
  EpochEvent,
  EpochMetrics,
  PhaseEvent,
  StartEvent,
  TrainEvent,
} from './train/events.ts'
export type { BatchSource, EpochScheduler, Phase, StepResult, StepSession } from './train/loop-types.ts'
export type { Metrics } from './train/running-metrics.ts'
export { evaluate, type EvaluateOptions } from './train/evaluate.ts'
export * from './train/learning-curves.ts'
export { predict, type PredictOptions } from './train/predict.ts'
export { train, type TrainOptions } from './train/train.ts'
export {
  trainModel,
  type TrainCallback,
  type TrainModelOptions,
  type TrainResult,
} from './train/train-model.ts'
export {
  visualizeModel,
  type Visualization,
  type VisualizedImage,
  type VisualizeOptions,
} from './train/visualize-model.ts'
export { denormalize, type ChannelStatistics } from './vision/denormalize.ts'
export * as models from './vision/models/models.ts'
export { ConcatDataset } from './data/concat-dataset.ts'
export { DataLoader } from './data/data-loader.ts'
export { Subset } from './data/subset.ts'
export { TensorDataset } from './data/tensor-dataset.ts'
export { readStateDict, type ReadStateDictOptions } from './io/read-state-dict.ts'
export { readPth, type ReadPthOptions } from './io/pth.ts'
export type { PthKey, PthValue } from './io/pth-value.ts'
export {
  readSafetensors,
  writeSafetensors,
  type ReadSafetensorsOptions,
  type WriteSafetensorsOptions,
} from './io/safetensors.ts'
export type { SafetensorsFile } from './io/safetensors-decode.ts'
export * as transforms from './vision/transforms/transforms.ts'
export type {
  Transform,
  TransformFunction,
  TransformInput,
  TransformLike,
} from './vision/transforms/transform.ts'
export { makeGrid, type GridOptions } from './vision/make-grid.ts'
export { saveImage } from './vision/save-image.ts'
export { toPicture } from './vision/to-picture.ts'
export { randomSplit } from './data/subset.ts'
export { RandomSampler, SequentialSampler, type Sampler } from './data/sampler.ts'
export { WeightedRandomSampler } from './data/weighted-random-sampler.ts'
export { BatchSampler } from './data/batch-sampler.ts'
export { collate, type Batch, type Collate } from './data/collate.ts'
export type { DataLoaderOptions } from './data/loader-options.ts'
export { ImageFolder, type ImageFolderOptions } from './vision/image-folder.ts'
export { decodeImage, type DecodeOptions } from './vision/decode.ts'
export { encodeJpeg, encodePng } from './vision/encode.ts'
export { contiguous, picture, sizeOfPicture, type Picture } from './vision/picture.ts'
