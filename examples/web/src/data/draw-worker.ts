/** Draws the sample data set, a picture at a time. */
import { drawShapes } from '../../../shapes/draw.ts'

/** A drawn picture; `undefined` after the last one. */
export type DrawnMessage = { readonly path: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined

for (const { split, className, name, draw } of drawShapes()) {
  const message: DrawnMessage = { path: `${split}/${className}/${name}`, bytes: draw() }
  postMessage(message)
}
postMessage(undefined)
