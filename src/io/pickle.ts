import { PickleBytes } from './pickle-bytes.ts'
import { PickleMachine } from './pickle-machine.ts'
import type { PickleWorld } from './pickle-values.ts'

/**
 * Runs a pickle with the opcodes that `torch.save` writes, and no other: it can build strings, numbers, tuples, lists
 * and dicts, and call what `world` allows. Every opcode takes at least one byte and does a bounded amount of work, so
 * any input ends.
 *
 * @param bytes - A pickle, or a reader that stands at one: it stands behind it afterwards.
 * @throws {@link FileFormatError} for everything else.
 * @see https://github.com/python/cpython/blob/main/Lib/pickletools.py
 */
export function unpickle(bytes: Uint8Array | PickleBytes, world: PickleWorld): unknown {
  const reader = bytes instanceof PickleBytes ? bytes : new PickleBytes(bytes, world.source)
  const machine = new PickleMachine(reader, world)
  if (reader.peek() === proto) checkProtocol(reader)
  for (;;) {
    const code = reader.uint8()
    if (code === stop) return machine.finish()
    const make = makers[code]
    const change = changers[code]
    if (make) machine.push(make(machine))
    else if (change) change(machine)
    else throw refusal(machine, code)
  }
}

function checkProtocol(reader: PickleBytes): void {
  reader.uint8()
  const protocol = reader.uint8()
  if (protocol > 5) throw reader.damaged(`it is of protocol ${protocol}, and there are only 0 to 5`)
}

/** Code hides behind these opcodes, so the message says which; the class that INST names is refused by its name. */
function refusal(machine: PickleMachine, code: number): Error {
  const { bytes, world } = machine
  if (code === inst) world.global(`${bytes.line()}.${bytes.line()}`)
  const hex = `0x${code.toString(16).padStart(2, '0')}`
  const name = refused[code]
  return bytes.damaged(`opcode ${name ? `${name} (${hex})` : hex} is none that torch.save writes`)
}

const proto = 0x80
const stop = 0x2e
const inst = 0x69

/** The opcodes that make an object, by code, with their names in CPython's pickletools. */
const makers: Readonly<Record<number, (machine: PickleMachine) => unknown>> = {
  0x4e: () => null, // NONE
  0x88: () => true, // NEWTRUE
  0x89: () => false, // NEWFALSE
  0x4a: (m) => m.bytes.int32(), // BININT
  0x4b: (m) => m.bytes.uint8(), // BININT1
  0x4d: (m) => m.bytes.uint16(), // BININT2
  0x8a: (m) => m.bytes.long(m.bytes.uint8()), // LONG1
  0x47: (m) => m.bytes.float64(), // BINFLOAT
  0x58: (m) => m.bytes.text(m.bytes.uint32()), // BINUNICODE
  0x8c: (m) => m.bytes.text(m.bytes.uint8()), // SHORT_BINUNICODE, of protocol 4
  0x54: (m) => m.bytes.text(m.bytes.uint32()), // BINSTRING, of Python 2
  0x55: (m) => m.bytes.text(m.bytes.uint8()), // SHORT_BINSTRING, of Python 2
  0x29: (m) => m.tuple(0), // EMPTY_TUPLE
  0x85: (m) => m.tuple(1), // TUPLE1
  0x86: (m) => m.tuple(2), // TUPLE2
  0x87: (m) => m.tuple(3), // TUPLE3
  0x74: (m) => m.tuple(), // TUPLE
  0x5d: (m) => m.list(), // EMPTY_LIST
  0x7d: (m) => m.dict(), // EMPTY_DICT
  0x68: (m) => m.get(m.bytes.uint8()), // BINGET
  0x6a: (m) => m.get(m.bytes.uint32()), // LONG_BINGET
  0x63: (m) => m.world.global(`${m.bytes.line()}.${m.bytes.line()}`), // GLOBAL
  0x93: (m) => m.stackGlobal(), // STACK_GLOBAL, of protocol 4
  0x51: (m) => m.world.persistent(m.pop()), // BINPERSID
  0x52: (m) => m.reduce(), // REDUCE
}

/** The opcodes that change the object on top of the stack, or keep it. */
const changers: Readonly<Record<number, (machine: PickleMachine) => void>> = {
  0x28: (m) => {
    m.mark()
  }, // MARK
  0x61: (m) => {
    m.append(m.popMany(1))
  }, // APPEND
  0x65: (m) => {
    m.append(m.popMany())
  }, // APPENDS
  0x73: (m) => {
    m.setItems(m.popMany(2))
  }, // SETITEM
  0x75: (m) => {
    m.setItems(m.popMany())
  }, // SETITEMS
  0x71: (m) => {
    m.put(m.bytes.uint8())
  }, // BINPUT
  0x72: (m) => {
    m.put(m.bytes.uint32())
  }, // LONG_BINPUT
  0x94: (m) => {
    m.put()
  }, // MEMOIZE, of protocol 4
  0x95: (m) => {
    m.bytes.skip(8)
  }, // FRAME, of protocol 4: its length helps who reads ahead
  0x62: (m) => {
    m.build()
  }, // BUILD
}

/** Opcodes that are not run, by name. */
const refused: Readonly<Record<number, string>> = {
  [inst]: 'INST',
  0x6f: 'OBJ',
  0x81: 'NEWOBJ',
  0x92: 'NEWOBJ_EX',
  0x82: 'EXT1',
  0x83: 'EXT2',
  0x84: 'EXT4',
  0x50: 'PERSID',
  [proto]: 'PROTO',
  0x30: 'POP',
  0x31: 'POP_MARK',
  0x32: 'DUP',
  0x49: 'INT',
  0x4c: 'LONG',
  0x8b: 'LONG4',
  0x46: 'FLOAT',
  0x53: 'STRING',
  0x56: 'UNICODE',
  0x8d: 'BINUNICODE8',
  0x42: 'BINBYTES',
  0x43: 'SHORT_BINBYTES',
  0x8e: 'BINBYTES8',
  0x96: 'BYTEARRAY8',
  0x97: 'NEXT_BUFFER',
  0x98: 'READONLY_BUFFER',
  0x67: 'GET',
  0x70: 'PUT',
  0x6c: 'LIST',
  0x64: 'DICT',
  0x8f: 'EMPTY_SET',
  0x90: 'ADDITEMS',
  0x91: 'FROZENSET',
}
