import { decodeImageAsync } from 'onnx-finetune'

/** Rejects with the library's error where it can't decode a picture: a file that is damaged or cut off. */
export async function checkReadable(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await decodeImageAsync(bytes)
}
