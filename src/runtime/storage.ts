import { devices } from '#platform'

import { ArgumentError, RuntimeError } from '../core/errors.ts'
import type { Engine } from './engine.ts'
import type { Device } from './providers.ts'

/** What a session keeps numbers in: see `storage` of `TrainingSessionOptions`. */
export type StorageType = 'float32' | 'float16'

/** Throws {@link ArgumentError} for what is no {@link StorageType}. */
export function checkStorageType(storage: string): void {
  if (storage === 'float32' || storage === 'float16') return
  throw new ArgumentError(`storage ${storage} is unknown: use 'float32' or 'float16'`)
}

/** Throws {@link RuntimeError} with the remedy where a graphics adapter can't keep numbers so. Processors can. */
export async function checkStorage(engine: Engine, device: Device, storage: StorageType): Promise<void> {
  if (device !== 'webgpu' || storage === 'float32') return
  const { probeFloat16 } = await import('./probe-float16.ts')
  const problem = await probeFloat16(engine, device)
  if (problem === undefined) return
  const other = devices.includes('cpu') ? 'cpu' : 'wasm'
  throw new RuntimeError(
    `storage: 'float16' can't be used on this graphics adapter, which needs the feature shader-f16: ${problem}. ` +
      `Remedy: leave storage out, for float32, or use device: '${other}'`,
  )
}
