/** Text for terminals, spreadsheets and shells. */

/** Rows below a header, in columns; those named in `right` are flush right. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
) {
  const all = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd()
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

/** Rows as a spreadsheet reads them. @see https://www.rfc-editor.org/rfc/rfc4180 */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    const text = String(value)
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return rows.map((row) => row.map(cell).join(',')).join('\n')
}

export function json(value: unknown): string {
  return JSON.stringify(value, null, 2)
}

/** A share of 1 in percent; a dash where there is none. */
export function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '–'
}

export function megabytes(bytes: number): string {
  return bytes < 1e5 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** A text in one line, of a bearable length. */
export function shortened(text: string, length = 100): string {
  const line = text.replace(/\s+/g, ' ')
  return line.length <= length ? line : `${line.slice(0, length - 1)}…`
}

/** A command as it can be pasted into a shell. */
export function commandLine(words: readonly string[]): string {
  const quoted = (word: string) => {
    if (/^[\w@%+=:,./\\-]+$/.test(word)) return word
    return process.platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", String.raw`'\''`)}'`
  }
  return ['npx', 'onnx-finetune', ...words.map(quoted)].join(' ')
}
