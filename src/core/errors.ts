/**
 * The error classes: each message says what was given, what was expected and what to do about it.
 * Every error thrown on purpose by this library is an {@link OnnxFinetuneError}.
 *
 * Classes here, in `nn/`, `optim/` and `vision/` say their name as a text, since bundlers' minifiers rename classes: messages,
 * checkpoints and the workers' border go by it.
 */
export class OnnxFinetuneError extends Error {
  override get name(): string {
    return this.constructor.name
  }
}

/** A shape, axis or size that doesn't fit. */
export class ShapeError extends OnnxFinetuneError {
  static override readonly name: string = 'ShapeError'
}

/** An element type that doesn't fit. */
export class DTypeError extends OnnxFinetuneError {
  static override readonly name: string = 'DTypeError'
}

/** An option or argument outside of what is allowed. */
export class ArgumentError extends OnnxFinetuneError {
  static override readonly name: string = 'ArgumentError'
}

/** A graph that can't be built, differentiated or serialised; names the node and the module path. */
export class GraphError extends OnnxFinetuneError {
  static override readonly name: string = 'GraphError'
}

/** A state dict that doesn't fit its module, optimizer or scheduler. */
export class StateDictError extends OnnxFinetuneError {
  static override readonly name: string = 'StateDictError'

  constructor(
    message: string,
    /** Keys that the module has and the state dict lacks. */
    readonly missingKeys: readonly string[] = [],
    /** Keys that the state dict has and the module lacks. */
    readonly unexpectedKeys: readonly string[] = [],
    /** Keys whose shapes or element types differ. */
    readonly mismatchedKeys: readonly string[] = [],
  ) {
    super(message)
  }
}

/** A picture that can't be decoded or encoded. */
export class ImageError extends OnnxFinetuneError {
  static override readonly name: string = 'ImageError'

  constructor(
    message: string,
    /** Path or description of the picture, where known. */
    readonly source?: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** A data set, sampler or loader that can't deliver: a missing folder, an empty class, a bad label. */
export class DataError extends OnnxFinetuneError {
  static override readonly name: string = 'DataError'
}

/** A file that isn't what it should be: truncated, of another format, or with code where data belongs. */
export class FileFormatError extends OnnxFinetuneError {
  static override readonly name: string = 'FileFormatError'
}

/** A file or folder that can't be read or written: missing, forbidden, or the disk is full. */
export class FileSystemError extends OnnxFinetuneError {
  static override readonly name: string = 'FileSystemError'
}

/** A file that can't be downloaded: no network, a server that fails, or another file than expected. */
export class DownloadError extends OnnxFinetuneError {
  static override readonly name: string = 'DownloadError'

  constructor(
    message: string,
    /** What was to be downloaded. */
    readonly url: string,
    /** The server's answer, as 404; `undefined` where it gave none, or the file is wrong. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** ONNX Runtime, a provider or a device that isn't there, or that failed. */
export class RuntimeError extends OnnxFinetuneError {
  static override readonly name: string = 'RuntimeError'
}

/** Memory that ran out while ONNX Runtime worked. */
export class OutOfMemoryError extends RuntimeError {
  static override readonly name: string = 'OutOfMemoryError'

  constructor(
    /** What ONNX Runtime was to do, and its own message. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `memory ran out when ONNX Runtime was to ${reason}. Lower the batch size, or train with gradientCheckpointing: true; ` +
        'smaller pictures, a smaller model and frozen layers take less, too',
      options,
    )
  }
}

/** A graphics device that went away in the middle of the work: its driver crashed, or the computer slept. */
export class DeviceLostError extends RuntimeError {
  static override readonly name: string = 'DeviceLostError'

  constructor(
    /** What is known of why. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `the graphics device was lost (${reason || 'for no known reason'}) and with it the weights since the last checkpoint, which ` +
        "is kept: go on from it with `resume`, on device 'wasm' in a page or 'cpu' in Node, or again on 'webgpu'",
      options,
    )
  }
}

/** A worker (engine or loader) that died. */
export class WorkerError extends OnnxFinetuneError {
  static override readonly name: string = 'WorkerError'
}

/** The loss became NaN or infinite. */
export class NonFiniteLossError extends OnnxFinetuneError {
  static override readonly name: string = 'NonFiniteLossError'

  constructor(
    /** The loss: NaN, Infinity or -Infinity. */
    readonly loss: number,
    /** Epoch, from 0. */
    readonly epoch: number,
    /** Batch within the epoch, from 0. */
    readonly batch: number,
    /** Learning rate of each parameter group at that step. */
    readonly learningRates: readonly number[],
  ) {
    super(
      `the loss became ${loss} in epoch ${epoch}, batch ${batch}, at learning rate ${learningRates.join(', ')}. ` +
        'Lower the learning rate, or check the inputs and labels of that batch for NaN.',
    )
  }
}

/** Work stopped by the caller's `AbortSignal`. Its name is `AbortError`, as in the web platform. */
export class AbortError extends OnnxFinetuneError {
  static override readonly name: string = 'AbortError'

  override get name(): string {
    return 'AbortError'
  }
}

/** Throws {@link AbortError} if `signal` is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new AbortError(`${what} was aborted`, { cause: signal.reason })
}
