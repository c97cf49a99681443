/** The finished model, as far as the page has to know it. */
import { signal } from '@preact/signals'

import { keep, readKept } from '../storage/kept.ts'

/** A model whose files are in the browser's private file system. */
export interface Result {
  readonly classes: readonly string[]
  /** On the validation pictures, 0 … 1. */
  readonly accuracy: number
  /** Edge of what it looks at. */
  readonly size: number
}

const key = 'onnx-finetune.result'

export const result = signal<Result | undefined>(readKept(key) as Result | undefined)

/** Keeps it for the next visit. */
export function keepResult(value: Result): void {
  result.value = value
  keep(key, value)
}
