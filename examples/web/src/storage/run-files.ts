/** What runs write: checkpoints and finished models, in the browser's private file system where the library keeps its files. */

/** The folder of this page, as a path of the library's. */
export const pageFolder = 'page'
/** Where the runs' checkpoints are. */
export const runsFolder = `${pageFolder}/runs`

/** Removes the checkpoints of all runs. */
export async function removeRuns(): Promise<void> {
  try {
    const root = await navigator.storage.getDirectory()
    const library = await root.getDirectoryHandle('onnx-finetune')
    const page = await library.getDirectoryHandle(pageFolder)
    await page.removeEntry('runs', { recursive: true })
  } catch (error) {
    // There are none.
    if (!(error instanceof DOMException && error.name === 'NotFoundError')) throw error
  }
}
