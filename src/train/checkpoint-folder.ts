import { FileFormatError, FileSystemError, OnnxFinetuneError, throwIfAborted } from '../core/errors.ts'
import {
  decodeCheckpoint,
  encodeCheckpoint,
  type CheckpointContent,
  type ReadCheckpoint,
} from './checkpoint-content.ts'
import { parseManifest, writeManifest, type ManifestEntry } from './checkpoint-manifest.ts'
import type { CheckpointPolicy } from './checkpoint-options.ts'
import type { CheckpointStore } from './checkpoint-store.ts'
import type { WarningEvent } from './events.ts'
import { isBetter } from './is-better.ts'

const manifestName = 'manifest.json'
const pattern = /^checkpoint-(\d{6,15})-epoch-\d+-step-\d+\.safetensors$/
/** What a process that was killed while it wrote has left. */
const leftover = /^(?:checkpoint-.*\.safetensors|manifest\.json)\..*\.tmp$/

/**
 * A run's folder. The newest checkpoint is that with the highest number, whatever the manifest says: the manifest tells
 * other programs what is there, and which epochs were good. So at every moment, whatever was written last, the folder can be
 * resumed from: a new file has its name only when it's whole, and old ones go after that.
 */
export class CheckpointFolder {
  /** Those that are known to be there, oldest first. */
  #entries: ManifestEntry[] = []
  #nextNumber: number

  private constructor(
    private readonly store: CheckpointStore,
    names: readonly string[],
  ) {
    this.#nextNumber = Math.max(0, ...names.map(numberOf)) + 1
  }

  /** Looks what is there. */
  static async open(store: CheckpointStore): Promise<CheckpointFolder> {
    const names = await store.list()
    const folder = new CheckpointFolder(store, names)
    folder.#entries = await folder.#readManifest(names)
    return folder
  }

  /** Whether there are none, not even damaged ones. */
  get isEmpty(): boolean {
    return this.#nextNumber === 1
  }

  /** Removes what killed processes have left: it may be what fills the disk. */
  async removeLeftovers(): Promise<void> {
    for (const name of await this.store.list()) if (leftover.test(name)) await this.store.remove(name)
  }

  /**
   * The newest checkpoint that is whole; `undefined` where there is none at all. Each that is damaged is told to `warn`.
   *
   * @throws {@link FileFormatError} where all are damaged.
   */
  async newest(
    warn: (message: string, error: Error) => void,
    signal?: AbortSignal,
  ): Promise<ReadCheckpoint | undefined> {
    const names = (await this.store.list()).filter(isCheckpoint).sort((a, b) => numberOf(b) - numberOf(a))
    const errors: Error[] = []
    for (const name of names) {
      throwIfAborted(signal, 'reading the checkpoint')
      try {
        const checkpoint = await this.#read(name, signal)
        this.#note(entryOf(name, checkpoint))
        return checkpoint
      } catch (error) {
        if (!(error instanceof FileFormatError || error instanceof FileSystemError)) throw error
        errors.push(error)
        warn(`${error.message}. The checkpoint before it is used.`, error)
        this.#entries = this.#entries.filter(({ file }) => file !== name)
      }
    }
    if (errors.length === 0) return undefined
    throw new FileFormatError(
      `there is no whole checkpoint in ${this.store.path('')}: ${errors.map(({ message }) => message).join('; ')}. ` +
        'Start anew in another directory.',
      { cause: errors[0] },
    )
  }

  /**
   * Writes a checkpoint and then removes what `policy` doesn't keep.
   *
   * @returns The file's path, and what could not be done although the checkpoint is safe.
   * @throws {@link FileSystemError} if it can't be written; then everything is as it was.
   */
  async write(
    content: CheckpointContent,
    policy: CheckpointPolicy,
  ): Promise<{ path: string; warnings: WarningEvent[] }> {
    const { epoch, step } = content.loop
    const number = String(this.#nextNumber).padStart(6, '0')
    const name = `checkpoint-${number}-epoch-${epoch}-step-${step}.safetensors`
    const file = encodeCheckpoint(content)
    await this.store.write(name, file.blocks)
    this.#nextNumber++
    this.#note(entryOf(name, { ...content, sha256: file.sha256() }))
    return { path: this.store.path(name), warnings: await this.#tidy(policy) }
  }

  async #tidy({ keepLast, keepBest }: CheckpointPolicy): Promise<WarningEvent[]> {
    try {
      const kept = keptOf(this.#entries, keepLast, keepBest)
      for (const name of await this.store.list()) {
        const isOld = isCheckpoint(name) && !kept.some(({ file }) => file === name)
        if (isOld) await this.store.remove(name)
      }
      this.#entries = kept
      // Last: killed before it, the folder has one file that the manifest doesn't tell of.
      await this.store.write(manifestName, writeManifest(kept))
      return []
    } catch (error) {
      if (!(error instanceof OnnxFinetuneError)) throw error
      const message = `the checkpoint is written, but not everything around it: ${error.message}`
      return [{ type: 'warning', message, error }]
    }
  }

  async #read(name: string, signal?: AbortSignal): Promise<ReadCheckpoint> {
    return decodeCheckpoint(await this.store.read(name), this.store.path(name), signal)
  }

  /** The manifest's entries whose files are there. Without a manifest, or with a damaged one, none are known. */
  async #readManifest(names: readonly string[]): Promise<ManifestEntry[]> {
    if (!names.includes(manifestName)) return []
    try {
      const entries = parseManifest(await this.store.read(manifestName), this.store.path(manifestName))
      return sorted(entries.filter(({ file }) => isCheckpoint(file) && names.includes(file)))
    } catch (error) {
      if (error instanceof FileFormatError || error instanceof FileSystemError) return []
      throw error
    }
  }

  #note(entry: ManifestEntry): void {
    this.#entries = sorted([...this.#entries.filter(({ file }) => file !== entry.file), entry])
  }
}

function entryOf(file: string, { sha256, loop }: Pick<ReadCheckpoint, 'sha256' | 'loop'>): ManifestEntry {
  const { epoch, step, open, history } = loop
  return { file, sha256, epoch, step, metrics: open ? undefined : history.at(-1) }
}

/** The newest, and those at the end of the best epochs. */
function keptOf(entries: readonly ManifestEntry[], last: number, best: number): ManifestEntry[] {
  const ranked = entries
    .filter(({ metrics }) => metrics)
    .sort((a, b) => (isBetter(a.metrics!, b.metrics!) ? -1 : isBetter(b.metrics!, a.metrics!) ? 1 : 0))
  const kept = new Set([...entries.slice(-last), ...ranked.slice(0, best)])
  return entries.filter((entry) => kept.has(entry))
}

const isCheckpoint = (name: string): boolean => pattern.test(name)

/** 0 for other files. */
function numberOf(name: string): number {
  return Number(pattern.exec(name)?.[1] ?? 0)
}

function sorted(entries: readonly ManifestEntry[]): ManifestEntry[] {
  return [...entries].sort((a, b) => numberOf(a.file) - numberOf(b.file))
}
