export { joinPath, jpegTurboWasm, listDirectory, readFile, writeFile } from './node-files.ts'
export { loadRuntime, processorCount, startEngineWorker, type Runtime } from './node-runtime.ts'
export { openProgressBar } from './node-progress.ts'
export { nextTurn, openSamplePool } from './node-workers.ts'
