import { InvalidArgumentError, Option, type Command } from 'commander'

/** Options that several commands have, and what options are made of. */

/** Reads a whole number of at least `low`. */
export function whole(low: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= low) return value
    throw new InvalidArgumentError(`It must be a whole number of at least ${low}.`)
  }
}

/** Reads a number above 0, and below `limit` where there is one. */
export function positive(limit = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() !== '' && value > 0 && value < limit) return value
    const bound = limit === Infinity ? '' : ` and below ${limit}`
    throw new InvalidArgumentError(`It must be a number above 0${bound}.`)
  }
}

/** Reads names with commas between them. */
export function names(text: string): string[] {
  const list = text.split(',').map((name) => name.trim())
  if (list.every((name) => name !== '')) return list
  throw new InvalidArgumentError('It must be names with commas between them: ants,bees.')
}

/** An option of a few values. */
export function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values)
}

/** `--device`. */
export function deviceOption(): Option {
  return choice('--device <name>', 'where to compute', ['auto', 'cpu', 'cuda', 'webgpu', 'wasm']).default(
    'auto',
  )
}

/** Options that every command has, and its examples below its help. */
export function finish(command: Command, examples: readonly (readonly [line: string, what: string])[]): void {
  const lines = examples.map(([line, what]) => `  # ${what}\n  $ npx onnx-finetune ${line}`)
  command
    .option('--verbose', 'where an error comes from, too')
    .addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}
