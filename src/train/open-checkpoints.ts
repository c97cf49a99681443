import { claimFolder, readFile } from '#platform'

import { ArgumentError, throwIfAborted } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { version } from '../core/version.ts'
import { decodeCheckpoint, type ReadCheckpoint } from './checkpoint-content.ts'
import { CheckpointFolder } from './checkpoint-folder.ts'
import { policyOf, type CheckpointOptions, type CheckpointPolicy } from './checkpoint-options.ts'
import { applyCheckpoint, checkRun, type CheckpointedRun } from './checkpoint-run.ts'
import { directoryStore, openDirectoryStore } from './checkpoint-store.ts'
import type { ResumedRun, WarningEvent } from './events.ts'
import type { LoopState } from './loop-state.ts'

/** Whether and where a run is saved, and what it goes on from. */
export interface ResumableOptions {
  /** Saves the run as it goes. Default: not. */
  readonly checkpoint?: CheckpointOptions | undefined
  /**
   * Goes on from a checkpoint with the same numbers as if the run had never stopped: `true` from the newest in
   * `checkpoint.directory` (from the start where there is none), or the path of a checkpoint or of such a folder. Model,
   * optimizer, scheduler and loaders are to be made as they were for the first run; their states are replaced. Without it,
   * a folder that has checkpoints is refused.
   */
  readonly resume?: boolean | string | undefined
}

/** A run's folder and beginning. */
export interface OpenedCheckpoints {
  /** Where it's saved; none without `checkpoint`. */
  readonly folder?: { readonly folder: CheckpointFolder; readonly policy: CheckpointPolicy } | undefined
  /** Lets another run have the folder. */
  readonly release: () => void
  /** What it goes on from. */
  readonly loop?: LoopState | undefined
  readonly resumed?: ResumedRun | undefined
  /** The best epoch's weights. */
  readonly best?: ReadonlyMap<string, Tensor> | undefined
  readonly warnings: readonly WarningEvent[]
}

interface Options extends ResumableOptions {
  readonly numEpochs: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens a run's folder, and makes the run what it was where it's resumed.
 *
 * @throws {@link ArgumentError} for options that don't fit together, a folder of another run, or a checkpoint of one.
 */
export async function openCheckpoints(run: CheckpointedRun, options: Options): Promise<OpenedCheckpoints> {
  const { checkpoint: saving, resume = false } = options
  if (!saving && resume === false) return { warnings: [], release: () => undefined }
  if (!saving && resume === true) {
    throw new ArgumentError('resume: true needs checkpoint: { directory }; or give the path to resume from')
  }
  checkRun(run)
  const policy = saving && policyOf(saving)
  const release = saving ? await claimFolder(saving.directory) : () => undefined
  try {
    return { ...(await open(run, options, policy)), release }
  } catch (error) {
    release()
    throw error
  }
}

async function open(
  run: CheckpointedRun,
  { checkpoint: saving, resume = false, numEpochs, signal }: Options,
  policy: CheckpointPolicy | undefined,
): Promise<Omit<OpenedCheckpoints, 'release'>> {
  const folder = saving && (await CheckpointFolder.open(await openDirectoryStore(saving.directory)))
  if (folder && resume === false && !folder.isEmpty) {
    throw new ArgumentError(
      `${saving.directory} has checkpoints of another run: go on with it by resume: true, or give a folder of its own`,
    )
  }
  await folder?.removeLeftovers()
  const warnings: WarningEvent[] = []
  const warn = (message: string, error?: Error) => warnings.push({ type: 'warning', message, error })
  let checkpoint: ReadCheckpoint | undefined
  if (typeof resume === 'string') checkpoint = await readPath(resume, warn, signal)
  else if (resume) checkpoint = await folder!.newest(warn, signal)
  const saved = folder && { folder, policy: policy! }
  if (!checkpoint) return { folder: saved, warnings }
  checkEpochs(checkpoint, numEpochs)
  const best = await applyCheckpoint(checkpoint, run)
  const { library, source } = checkpoint
  if (library !== version) {
    warn(`${source} was made by version ${library}, and this is ${version}: the numbers may not be the same`)
  }
  return { folder: saved, loop: checkpoint.loop, resumed: resumedRun(checkpoint), best, warnings }
}

/** What a run that goes on tells of what was before. */
function resumedRun({ source, loop }: ReadCheckpoint): ResumedRun {
  const { epoch, step, history, bestEpoch } = loop
  return { path: source, epoch, step, history, bestEpoch }
}

async function readPath(
  path: string,
  warn: (message: string, error: Error) => void,
  signal: AbortSignal | undefined,
): Promise<ReadCheckpoint> {
  throwIfAborted(signal, 'reading the checkpoint')
  if (path.endsWith('.safetensors')) return decodeCheckpoint(await readFile(path, signal), path, signal)
  const folder = await CheckpointFolder.open(directoryStore(path))
  const checkpoint = await folder.newest(warn, signal)
  if (checkpoint) return checkpoint
  throw new ArgumentError(`there is no checkpoint to resume from in ${path}`)
}

function checkEpochs({ source, loop }: ReadCheckpoint, numEpochs: number): void {
  if (loop.epoch < numEpochs || (loop.epoch === numEpochs && !loop.open)) return
  const begun = loop.open ? ` and part of the next` : ''
  throw new ArgumentError(
    `${source} has ${loop.epoch} epochs${begun}, more than numEpochs: ${numEpochs}. Give at least ${loop.epoch + (loop.open ? 1 : 0)}`,
  )
}
