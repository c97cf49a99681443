// core: tensors, randomness, errors
export type { DType, StoredDType, TypedArray, TypedArrays } from './core/dtype.ts'
export {
  AbortError,
  ArgumentError,
  DataError,
  DeviceLostError,
  DTypeError,
  DownloadError,
  FileFormatError,
  FileSystemError,
  GraphError,
  ImageError,
  NonFiniteLossError,
  OnnxFinetuneError,
  OutOfMemoryError,
  RuntimeError,
  ShapeError,
  StateDictError,
  WorkerError,
} from './core/errors.ts'
export { type Steps } from './core/steps.ts'
export { Generator, type GeneratorState } from './core/generator.ts'
export type { Shape } from './core/shape.ts'
export { Tensor, type NestedArray } from './core/tensor.ts'
export type { StridedView, ViewData } from './core/strided-view.ts'

// graph, ops and autodiff: what a forward pass is written in, and its gradients
export {
  Graph,
  Node,
  Value,
  type Attributes,
  type AttributeValue,
  type Dim,
  type ValueType,
} from './graph/graph.ts'
export * as ops from './ops/ops.ts'
export { registerOp } from './ops/definitions.ts'
export type { LoweringTarget, OpDefinition } from './ops/registry.ts'
export { differentiate } from './autodiff/differentiate.ts'

// nn and optim: layers, losses, optimizers and learning-rate schedulers
export * as nn from './nn/nn.ts'
export { renameKeys, type KeyRenaming } from './nn/rename-keys.ts'
export * as optim from './optim/optim.ts'

// runtime: a model on a device, step by step
export type { Criterion } from './runtime/criterion.ts'
export type { Device } from './runtime/providers.ts'
export { type GradientCheckpointing } from './nn/checkpoint-blocks.ts'
export { setAssetsFolder } from './runtime/assets-folder.ts'
export { type StorageType } from './runtime/storage.ts'
export {
  TrainingSession,
  type SessionStep,
  type StepBatch,
  type TrainingSessionOptions,
  type TrainStepsOptions,
} from './runtime/training-session.ts'

// data: data sets, the order of their samples, and batches of them
export type { Allocate, Dataset, Sample, SampleHandler, SampleJob } from './data/dataset.ts'
export { ConcatDataset } from './data/concat-dataset.ts'
export { randomSplit, Subset } from './data/subset.ts'
export { TensorDataset } from './data/tensor-dataset.ts'
export {
  RandomSampler,
  SequentialSampler,
  type RandomSamplerOptions,
  type Sampler,
  type Sized,
} from './data/sampler.ts'
export { WeightedRandomSampler } from './data/weighted-random-sampler.ts'
export { BatchSampler, type BatchOrder } from './data/batch-sampler.ts'
export { collate, type Batch, type Collate } from './data/collate.ts'
export { DataLoader } from './data/data-loader.ts'
export type { DataLoaderOptions } from './data/loader-options.ts'

// vision: pictures, transforms, folders of pictures, grids, models
export {
  contiguous,
  crop,
  flipHorizontal,
  flipVertical,
  picture,
  sizeOfPicture,
  type Picture,
} from './vision/picture.ts'
export { decodeImage, decodeImageAsync, type DecodeOptions } from './vision/decode.ts'
export type { JpegCodec } from './vision/codecs/problem.ts'
export { encodeJpeg, encodePng } from './vision/encode.ts'
export { resize, type Interpolation, type ResizeOptions } from './vision/resize.ts'
export type { ResizeFilter } from './vision/resize-weights.ts'
export * as transforms from './vision/transforms/transforms.ts'
export type {
  Transform,
  TransformFunction,
  TransformInput,
  TransformLike,
} from './vision/transforms/transform.ts'
export { ImageFolder, type ImageFolderOptions } from './vision/image-folder.ts'
export type { PictureCacheOptions } from './vision/cache/picture-cache.ts'
export type { ImageFile, SkippedFile } from './vision/image-folder-scan.ts'
export { denormalize, type ChannelStatistics } from './vision/denormalize.ts'
export { makeGrid, type GridOptions } from './vision/make-grid.ts'
export { saveImage } from './vision/save-image.ts'
export { toPicture } from './vision/to-picture.ts'
export { describePreprocessing } from './vision/describe-preprocessing.ts'
export { preprocessingTransforms, type Preprocessing } from './vision/preprocessing.ts'

// io: models with their weights, weights files
export * as models from './io/models.ts'
export { download, type DownloadOptions } from './io/download.ts'
export type { DownloadProgress } from './io/download-progress.ts'
export { mountFiles, unmountFiles, type FileSource } from './io/mount-files.ts'
export { offerDownload } from './io/offer-download.ts'
export { removeStored } from './io/remove-stored.ts'
export { readStateDict, type ReadStateDictOptions } from './io/read-state-dict.ts'
export { readPth, type ReadPthOptions } from './io/pth.ts'
export { writePth } from './io/pth-write.ts'
export { encodePth } from './io/pth-encode.ts'
export { findStateDict, type FindStateDictOptions } from './io/state-dict.ts'
export { saveWeights, type SaveWeightsOptions } from './io/save-weights.ts'
export type { PickleKey } from './io/pickle-values.ts'
export type { PthKey, PthValue } from './io/pth-value.ts'
export {
  readSafetensors,
  writeSafetensors,
  type ReadSafetensorsOptions,
  type WriteSafetensorsOptions,
} from './io/safetensors.ts'
export type { SafetensorsFile } from './io/safetensors-decode.ts'
export { weightsInfo, weightsMetadata, type WeightsInfo } from './io/weights-info.ts'
export { exportOnnx, type ExportOnnxOptions, type OnnxExport } from './io/export-onnx.ts'
export {
  inspectFile,
  type FileInspection,
  type GraphDescription,
  type InspectOptions,
  type TensorDescription,
} from './io/inspect.ts'
export type { OnnxValue } from './io/onnx-read.ts'

// train: the loop over epochs, and what came of it
export {
  trainModel,
  type TrainCallback,
  type TrainModelOptions,
  type TrainResult,
} from './train/train-model.ts'
export { train, type TrainOptions } from './train/train.ts'
export type {
  BatchEvent,
  CheckpointEvent,
  EpochEvent,
  EpochMetrics,
  PhaseEvent,
  ResumedRun,
  StartEvent,
  TrainEvent,
  WarningEvent,
} from './train/events.ts'
export type { CheckpointOptions } from './train/checkpoint-options.ts'
export type { ResumableOptions } from './train/open-checkpoints.ts'
export type { BatchSource, EpochScheduler, Phase } from './train/loop-types.ts'
export type { Metrics } from './train/running-metrics.ts'
export { evaluate, type EvaluateOptions } from './train/evaluate.ts'
export { predict, type PredictOptions } from './train/predict.ts'
export type { InferenceOptions } from './runtime/inference.ts'
export { loadClassifier, type LoadClassifierOptions } from './train/load-classifier.ts'
export {
  Predictor,
  type PredictBatchOptions,
  type Prediction,
  type PredictorOptions,
} from './train/predictor.ts'
export type { CanvasPixels, Drawable, ImageInput } from './train/image-input.ts'
export {
  cacheFeatures,
  type CachedLoaders,
  type CacheFeaturesOptions,
  type CacheProgress,
} from './train/cache-features.ts'
export { renderCurves, saveCurves, type CurvesOptions, type TrainingRuns } from './train/learning-curves.ts'
export {
  visualizeModel,
  type Visualization,
  type VisualizedImage,
  type VisualizeOptions,
} from './train/visualize-model.ts'
