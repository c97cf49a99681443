/** The library's errors in words for who uses the page: its own are for who writes one. */
import { DeviceLostError, FileSystemError } from 'onnx-finetune'

/** What an error means here and what to do about it; `undefined` where the error says that well enough itself. */
export function explained(error: unknown): string | undefined {
  if (error instanceof DeviceLostError) {
    return (
      'The browser has lost the graphics processor. What was learnt until the last save is kept: “Go on with the last training” ' +
      'takes it up from there. If that happens again, choose WebAssembly as the device before.'
    )
  }
  if (error instanceof FileSystemError && error.message.includes('there is no room left')) {
    const [numbers = ''] = /(?<= )\(this site uses [^)]*\)/.exec(error.message) ?? []
    return (
      `There is no room left to save what is learnt ${numbers}`.trim() +
      ': free space on the disk, or remove this site’s data in the browser’s settings, and train again.'
    )
  }
  return undefined
}
