/**
 * What the benchmark and the processes that it measures say to each other: a request is one line of JSON on stdin, its
 * reply one on stdout. Between two requests a process sleeps.
 */

/** How long something is repeated: `warmUp` times unmeasured, then at least `least` times, at most `most`, for `seconds`. */
export interface Repeats {
  readonly warmUp: number
  readonly seconds: number
  readonly least: number
  readonly most: number
}

/** `evalInTraining` times the evaluation after each training step, whose weights are new; `eval` a model at rest. */
export type Work = 'finetune' | 'frozen' | 'eval' | 'evalInTraining'
export type Network = 'resnet18' | 'resnet34' | 'resnet50' | 'small'
/** `head` trains the head alone on cached features; PyTorch, which has no such cache, trains `frozen` in its place. */
export type Strategy = 'finetune' | 'frozen' | 'head'

/** Steps of a network on random pictures. */
export interface StepRequest {
  readonly case: 'step'
  readonly network: Network
  readonly work: Work
  readonly batch: number
  /** Pixels a side. */
  readonly size: number
  readonly repeats: Repeats
}

/** Batches of the training pictures, from file to tensor. */
export interface LoadRequest {
  readonly case: 'load'
  readonly workers: number
  readonly batch: number
  readonly repeats: Repeats
}

/** An epoch of the tutorial, training and validation, after `warmUp` batches of each. */
export interface EpochRequest {
  readonly case: 'epoch'
  readonly strategy: Strategy
  readonly batch: number
  readonly workers: number
  readonly warmUp: number
  /** Batches of each phase at most. */
  readonly most: number
}

/** From the start of the process to the end of its first step. */
export interface StartRequest {
  readonly case: 'start'
  readonly batch: number
}

/** Opens a folder of pictures and loads the first batch of it. */
export interface ListRequest {
  readonly case: 'list'
  readonly folder: string
}

/** Memory over many small steps. */
export interface LongRunRequest {
  readonly case: 'longRun'
  readonly steps: number
  readonly settled: number
  readonly batch: number
  readonly size: number
}

/** Reads the file of weights, or writes it again. */
export interface IoRequest {
  readonly case: 'io'
  readonly work: 'read' | 'write'
}

/** Versions of what is measured. */
export interface AboutRequest {
  readonly case: 'about'
}

export type Request =
  | StepRequest
  | LoadRequest
  | EpochRequest
  | StartRequest
  | IoRequest
  | ListRequest
  | LongRunRequest
  | AboutRequest

export interface Reply {
  /** Seconds of each repeat. */
  readonly times?: readonly number[] | undefined
  /** Other numbers, by name. */
  readonly numbers?: Readonly<Record<string, number>> | undefined
  readonly versions?: Readonly<Record<string, string>> | undefined
  /** Why it can't be done. */
  readonly absent?: string | undefined
}

/** What every process is told at its start. */
export interface Settings {
  /** State dict of a ResNet-18, or none: random weights. */
  readonly weights: string | undefined
  /** Folders of pictures, a folder for each class. */
  readonly train: string
  readonly val: string
  /** Pixels a side that the network sees, and of the validation pictures' shorter side before the crop. */
  readonly size: number
  readonly resized: number
  readonly threads: number
  /** Of TensorFlow.js. */
  readonly backend?: string | undefined
}

/** Runs a step over and over by the request's `repeats`. */
export type TimeSteps = (step: () => Promise<unknown>, repeats: Repeats) => Promise<Reply>

export type Answer = (request: Request, settings: Settings, timeSteps: TimeSteps) => Promise<Reply>
