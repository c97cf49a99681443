import type { PackageTensor } from './package-backend.ts'

/** The part of a `GPUDevice` that is used here: TypeScript's own DOM types lack it. */
export interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>
  readonly queue: {
    writeBuffer(buffer: object, offset: number, data: ArrayBufferView): void
    submit(commands: readonly object[]): void
  }
  createCommandEncoder(): CommandEncoder
  destroy(): void
}

interface CommandEncoder {
  copyBufferToBuffer(source: object, from: number, target: object, to: number, size: number): void
  finish(): object
}

/** Copies numbers from tensors on the device into others there, in the order of the device's queue. */
export function copyOnDevice(
  device: GpuDevice,
  pairs: Iterable<readonly [source: PackageTensor, target: PackageTensor]>,
): void {
  const encoder = device.createCommandEncoder()
  for (const [source, target] of pairs) {
    encoder.copyBufferToBuffer(source.tensor.gpuBuffer, 0, target.tensor.gpuBuffer, 0, bytesOf(source))
  }
  device.queue.submit([encoder.finish()])
}

/** Copies numbers from JavaScript's memory into a tensor on the device. */
export function writeToDevice(device: GpuDevice, { tensor }: PackageTensor, target: PackageTensor): void {
  device.queue.writeBuffer(target.tensor.gpuBuffer, 0, tensor.data as Float32Array | Int32Array)
}

/** A multiple of 4, as WebGPU asks: so are the buffers. */
function bytesOf({ shape, tensor }: PackageTensor): number {
  const bytes = shape.reduce((size, length) => size * length, tensor.type === 'float16' ? 2 : 4)
  return Math.ceil(bytes / 4) * 4
}
