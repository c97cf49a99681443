/** What a picture is for, where its folder says so. */
export type Split = 'train' | 'val'

/** A picture of the data set, checked: the library can read its file. */
export interface Picture {
  /** Counts up; pictures are always taken in this order, so that a run can be resumed. */
  readonly id: number
  readonly name: string
  readonly className: string
  /** Where its folder says so. */
  readonly split?: Split | undefined
  /** A JPEG or PNG file. */
  readonly file: Blob
  /** A small JPEG file of it. */
  readonly thumbnail: Blob
  /** The same for files of the same bytes; not known on pages without https. */
  readonly digest?: string | undefined
}

/** A file that was not taken, and why. */
export interface SkippedFile {
  readonly name: string
  readonly reason: string
}

/** A file on its way in: its place in a folder or a .zip, or just its name. */
export interface IncomingFile {
  readonly path: string
  readonly file: Blob
}

/** Names sorted as the library sorts class folders: by code points, for all who look on. */
export function sortedNames(names: Iterable<string>): string[] {
  return [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
