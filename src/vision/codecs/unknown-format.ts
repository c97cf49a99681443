import type { ImageError } from '../../core/errors.ts'
import { cannotDecode, fetchAgain, saveAgain, type DecodeContext } from './problem.ts'

/** What to do about a phone's pictures. */
export const heicRemedy =
  'convert it to JPEG, or set Settings → Camera → Formats → Most Compatible on the phone'

/** The error for a file of a format that can't be decoded; `undefined`: not even its name is known. */
export function unknownFormat(context: DecodeContext, format: string | undefined): ImageError {
  switch (format) {
    case undefined:
      return cannotDecode(context, 'it is neither a JPEG nor a PNG file', saveAgain)
    case 'text':
      return cannotDecode(context, 'it is a text file, not a picture', fetchAgain)
    case 'Git LFS pointer':
      return cannotDecode(context, 'it is a Git LFS pointer, not a picture', 'run `git lfs pull`')
    case 'HEIC':
      return cannotDecode(context, 'it is a HEIC picture, as iPhones take them', heicRemedy)
    case 'WebP':
    case 'GIF':
    case 'AVIF':
    case 'BMP':
      return cannotDecode(
        context,
        `it is ${format === 'AVIF' ? 'an' : 'a'} ${format} file, and only JPEG and PNG can be decoded`,
        "convert it to JPEG or PNG, or in a page let the browser decode it (codec: 'browser')",
      )
    default:
      return cannotDecode(
        context,
        `it is a ${format} file, and only JPEG and PNG can be decoded`,
        'convert it to JPEG or PNG',
      )
  }
}
