import type { DrawnMessage } from './draw-worker.ts'
import type { IncomingFile } from './picture.ts'
import { workerProblem } from './worker-problem.ts'

/** Draws ants and bees: 120 of each to train on, 40 to validate on, the same ones each time. */
export async function drawSample(onPicture: (done: number) => void): Promise<IncomingFile[]> {
  const worker = new Worker(new URL('./draw-worker.ts', import.meta.url), { type: 'module' })
  try {
    return await new Promise((resolve, reject) => {
      const files: IncomingFile[] = []
      worker.onmessage = ({ data }: MessageEvent<DrawnMessage>) => {
        if (!data) resolve(files)
        else onPicture(files.push({ path: data.path, file: new Blob([data.bytes], { type: 'image/jpeg' }) }))
      }
      worker.onerror = (event) => {
        reject(
          new Error(
            `the sample pictures can’t be drawn, since the page’s worker failed: ${workerProblem(event)}`,
          ),
        )
      }
    })
  } finally {
    worker.terminate()
  }
}
