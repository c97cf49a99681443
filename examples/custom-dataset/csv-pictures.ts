import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import {
  DataError,
  decodeImage,
  type Dataset,
  type Generator,
  type Sample,
  type Tensor,
  type transforms as T,
} from 'onnx-finetune'

interface Row {
  readonly path: string
  readonly label: number
}

/** Pictures and labels from a table, `file,class` in each line after the first. */
export class CsvPictures implements Dataset {
  private constructor(
    readonly rows: readonly Row[],
    readonly classes: readonly string[],
    readonly transform: T.Compose,
  ) {}

  /** Files are named from the table's folder. `transform` must end in a tensor. */
  static async open(table: string, transform: T.Compose): Promise<CsvPictures> {
    const [, ...lines] = (await readFile(table, 'utf8')).trimEnd().split('\n')
    const cells = lines.map((line) => line.split(','))
    const broken = cells.findIndex(({ length }) => length !== 2)
    if (broken >= 0) throw new DataError(`${table}: line ${broken + 2} must be file,class`)
    const classes = [...new Set(cells.map(([, name]) => name!))].sort()
    const rows = cells.map(([file, name]) => ({
      path: join(dirname(table), file!),
      label: classes.indexOf(name!),
    }))
    return new CsvPictures(rows, classes, transform)
  }

  get length(): number {
    return this.rows.length
  }

  async get(index: number, generator: Generator): Promise<Sample> {
    const { path, label } = this.rows[index]!
    const image = decodeImage(await readFile(path), { source: path })
    return { input: (await this.transform.forward(image, generator)) as Tensor, label }
  }
}
