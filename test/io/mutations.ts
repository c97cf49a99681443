import type { Generator } from '../../src/core/generator.ts'

type Bytes = Uint8Array<ArrayBuffer>
type Mutation = (bytes: Bytes, generator: Generator) => Bytes

/**
 * Damaged copies of `bytes`, without end: one to four changes each, of the kinds that files suffer and attackers make. The
 * same generator gives the same copies. `bytes` itself stays as it is.
 */
export function* mutations(
  bytes: Uint8Array,
  generator: Generator,
): globalThis.Generator<Bytes, never, void> {
  for (;;) {
    let mutant: Bytes = new Uint8Array(bytes)
    const changes = generator.integer(1, 5)
    for (let change = 0; change < changes; change++) mutant = pick(kinds, generator)(mutant, generator)
    yield mutant
  }
}

const kinds: readonly Mutation[] = [
  flipBit,
  setByte,
  setByte,
  setNumber,
  setNumber,
  changeDigit,
  cutOff,
  remove,
  insert,
  repeat,
  swap,
  overwrite,
  clear,
]

/** Numbers at which arithmetic breaks: ends of the integer types and their neighbours. */
const edges: readonly bigint[] = [
  ...[0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x10000n, 0x7fffffffn, 0x80000000n],
  ...[0xffffffffn, 0x100000000n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n],
]

function flipBit(bytes: Bytes, generator: Generator): Bytes {
  if (bytes.length > 0) bytes[place(bytes, generator)]! ^= 1 << generator.integer(0, 8)
  return bytes
}

function setByte(bytes: Bytes, generator: Generator): Bytes {
  if (bytes.length > 0) bytes[place(bytes, generator)] = generator.integer(0, 256)
  return bytes
}

/** A number of 1, 2, 4 or 8 bytes, little-endian or big-endian: an edge, the file's length or nearly, or one near to what was there. */
function setNumber(bytes: Bytes, generator: Generator): Bytes {
  const width = 2 ** generator.integer(0, 4)
  if (bytes.length < width) return bytes
  const at = generator.integer(0, bytes.length - width + 1)
  const isLittle = generator.integer(0, 8) > 0
  const order = Array.from({ length: width }, (_, index) => at + (isLittle ? index : width - 1 - index))
  const old = order.reduceRight((value, index) => (value << 8n) | BigInt(bytes[index]!), 0n)
  const choices = [pick(edges, generator), BigInt(bytes.length), old]
  let value = pick(choices, generator) + BigInt(generator.integer(-2, 3))
  for (const index of order) {
    bytes[index] = Number(BigInt.asUintN(8, value))
    value >>= 8n
  }
  return bytes
}

const digitsAndMinus = new TextEncoder().encode('0123456789-')

/** Another decimal digit or minus for one: texts hold numbers too. */
function changeDigit(bytes: Bytes, generator: Generator): Bytes {
  const digits = [...bytes.keys()].filter((at) => bytes[at]! >= 0x30 && bytes[at]! <= 0x39)
  if (digits.length > 0) bytes[pick(digits, generator)] = pick(digitsAndMinus, generator)
  return bytes
}

function cutOff(bytes: Bytes, generator: Generator): Bytes {
  return bytes.slice(0, generator.integer(0, bytes.length + 1))
}

function remove(bytes: Bytes, generator: Generator): Bytes {
  const [start, end] = range(bytes, generator)
  return join(bytes.subarray(0, start), bytes.subarray(end))
}

function insert(bytes: Bytes, generator: Generator): Bytes {
  const at = generator.integer(0, bytes.length + 1)
  const noise = Uint8Array.from({ length: generator.integer(1, 17) }, () => generator.integer(0, 256))
  return join(bytes.subarray(0, at), noise, bytes.subarray(at))
}

/** A range twice in a row. */
function repeat(bytes: Bytes, generator: Generator): Bytes {
  const [start, end] = range(bytes, generator)
  return join(bytes.subarray(0, end), bytes.subarray(start))
}

/** Two neighbouring ranges in the other order. */
function swap(bytes: Bytes, generator: Generator): Bytes {
  const [start, end] = range(bytes, generator)
  const middle = generator.integer(start, end + 1)
  return join(
    bytes.subarray(0, start),
    bytes.subarray(middle, end),
    bytes.subarray(start, middle),
    bytes.subarray(end),
  )
}

/** A range written over another place: names and numbers of one entry in another. */
function overwrite(bytes: Bytes, generator: Generator): Bytes {
  const [start, end] = range(bytes, generator)
  return bytes.copyWithin(generator.integer(0, bytes.length + 1), start, end)
}

function clear(bytes: Bytes, generator: Generator): Bytes {
  const [start, end] = range(bytes, generator)
  return bytes.fill(pick([0, 0xff], generator), start, end)
}

/** Mostly short. */
function range(bytes: Bytes, generator: Generator): [start: number, end: number] {
  const start = generator.integer(0, bytes.length + 1)
  const longest = generator.integer(0, 4) > 0 ? 64 : bytes.length
  return [start, Math.min(bytes.length, start + generator.integer(0, longest + 1))]
}

/** Half of the time at either end, where formats keep their headers and directories. */
function place(bytes: Bytes, generator: Generator): number {
  const near = Math.min(bytes.length, 128)
  return pick(
    [
      generator.integer(0, bytes.length),
      generator.integer(0, bytes.length),
      generator.integer(0, near),
      bytes.length - 1 - generator.integer(0, near),
    ],
    generator,
  )
}

function pick<T>(items: ArrayLike<T>, generator: Generator): T {
  return items[generator.integer(0, items.length)]!
}

function join(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}
