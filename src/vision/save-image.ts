import { writeFile } from '#platform'

import { ArgumentError } from '../core/errors.ts'
import type { Tensor } from '../core/tensor.ts'
import { encodeJpeg, encodePng } from './encode.ts'
import { makeGrid, type GridOptions } from './make-grid.ts'
import { toPicture } from './to-picture.ts'

const encoders = { png: encodePng, jpg: encodeJpeg, jpeg: encodeJpeg }

/**
 * Writes images to a PNG or JPEG file, by its extension; more than one become a grid. Values from 0 to 1 are
 * black to white, others are clipped. The file appears whole or not at all.
 *
 * @param images - As {@link makeGrid} takes them.
 * @param path - Ends in `.png`, `.jpg` or `.jpeg`.
 * @param options - Those of {@link makeGrid}.
 * @throws {@link ArgumentError} for another extension, {@link FileSystemError} if it can't be written.
 * @see https://pytorch.org/vision/0.14/generated/torchvision.utils.save_image.html
 */
export async function saveImage(
  images: Tensor | readonly Tensor[],
  path: string,
  options: GridOptions = {},
): Promise<void> {
  const extension = /\.([a-z]+)$/.exec(path.toLowerCase())?.[1] ?? ''
  if (!Object.hasOwn(encoders, extension)) {
    throw new ArgumentError(`can't save an image as ${path}: its name must end in .png, .jpg or .jpeg`)
  }
  const encode = encoders[extension as keyof typeof encoders]
  await writeFile(path, encode(toPicture(makeGrid(images, options))))
}
