import { FileFormatError } from '../core/errors.ts'
import { count, fields, listOf, optional, text } from './check-json.ts'
import { epochMetrics } from './checkpoint-content.ts'
import type { EpochMetrics } from './events.ts'
import { parseExactly, stringifyExactly } from './exact-json.ts'

/** What the manifest tells of a checkpoint. */
export interface ManifestEntry {
  /** Its name in the folder. */
  readonly file: string
  readonly sha256: string
  /** Epochs that were finished. */
  readonly epoch: number
  /** Training steps that were made. */
  readonly step: number
  /** Of the epoch that had just ended; none within an epoch. */
  readonly metrics?: EpochMetrics | undefined
}

/** The text of `manifest.json`. */
export function writeManifest(checkpoints: readonly ManifestEntry[]): string {
  return `${stringifyExactly({ version: 1, checkpoints }, 2)}\n`
}

/** @throws {@link FileFormatError} for what is no manifest. */
export function parseManifest(bytes: Uint8Array, source: string): ManifestEntry[] {
  let manifest: unknown
  try {
    manifest = parseExactly(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new FileFormatError(`${source} is no JSON`, { cause })
  }
  check(manifest, source)
  return (manifest as { checkpoints: ManifestEntry[] }).checkpoints
}

const entry = fields({ file: text, sha256: text, epoch: count, step: count, metrics: optional(epochMetrics) })
const check = fields({ checkpoints: listOf(entry) })
