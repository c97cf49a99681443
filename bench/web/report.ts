import type { Measured } from './measure.ts'
import type { Sizes } from './sizes.ts'

/** The tables as Markdown: steps by backend, ours first, and sizes. */
export function webMarkdown(results: readonly Measured[], sizes: Sizes): string {
  const head = ['step', 'backend', 'library', 'a step', 'ours / this', 'start to first step']
  const rows = [...results].sort(byCase).map((each) => row(each, oursFor(each, results)))
  const sizeRows = Object.entries(sizes).map(([what, kilobytes]) => [what, `${kilobytes.toFixed(1)} KB`])
  return [table(head, rows), table(['gzipped', 'size'], sizeRows)].join('\n\n')
}

function row(each: Measured, ours: Measured | undefined): string[] {
  const { library, backend, work, batch, size, seconds, first, absent } = each
  return [
    `${work === 'frozen' ? 'head alone' : 'whole'}, ${size} × ${size}, batch ${batch}`,
    backend,
    library,
    seconds === undefined ? (absent ?? '–') : inSeconds(seconds),
    seconds === undefined || !ours?.seconds || ours === each ? '–' : (ours.seconds / seconds).toFixed(2),
    first === undefined ? '–' : inSeconds(first),
  ]
}

/** Ours on the same backend; pages without WebGPU have WebGL, which ours has not: its WebGPU stands against that. */
function oursFor(
  { backend, work, batch, size }: Measured,
  results: readonly Measured[],
): Measured | undefined {
  const same = backend === 'webgl' ? 'webgpu' : backend
  return results.find(
    (each) =>
      each.library === 'ours' &&
      each.backend === same &&
      each.work === work &&
      each.batch === batch &&
      each.size === size,
  )
}

const inSeconds = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`

const keyOf = ({ work, batch, size, backend }: Measured): string =>
  `${1000 - size} ${work === 'frozen' ? 0 : 1} ${String(batch).padStart(3)} ${backend === 'wasm' ? 0 : 1}`

const byCase = (a: Measured, b: Measured): number =>
  keyOf(a).localeCompare(keyOf(b)) || Number(b.library === 'ours') - Number(a.library === 'ours')

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
