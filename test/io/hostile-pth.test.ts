import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { FileFormatError } from '../../src/core/errors.ts'
import { decodePth } from '../../src/io/pth-decode.ts'
import { readZip } from '../../src/io/zip.ts'
import { fixture } from './fixtures.ts'
import { archiveOf, bytesOf, zipOf } from './pickles.ts'

const protocol2 = [0x80, 2] as const
const data16 = new Uint8Array(16)

/** A state dict `{ 'w': tensor }` over a float32 storage of four elements. */
function tensorPickle(
  storageKey: string,
  numel: number,
  offset: number,
  size: number[],
  stride: number[],
): Uint8Array<ArrayBuffer> {
  const text = (value: string) => bytesOf('X', value.length, 0, 0, 0, value)
  const integers = (values: number[]) => bytesOf('(', ...values.flatMap((value) => ['J', int32(value)]), 't')
  const storage = bytesOf(
    '(',
    text('storage'),
    'ctorch\nFloatStorage\n',
    text(storageKey),
    text('cpu'),
    'J',
    int32(numel),
    'tQ',
  )
  const args = [storage, 'J', int32(offset), integers(size), integers(stride), 0x89, '}']
  return bytesOf(...protocol2, '}', text('w'), 'ctorch._utils\n_rebuild_tensor_v2\n(', ...args, 'tRs.')
}

function int32(value: number): Uint8Array {
  return new Uint8Array(Int32Array.of(value).buffer)
}

function read(pickle: Uint8Array): unknown {
  return decodePth(archiveOf({ 'data.pkl': pickle, 'data/0': data16 }), 'evil.pth')
}

function expectRefusal(action: () => unknown, message: RegExp): void {
  expect(action).toThrow(FileFormatError)
  expect(action).toThrow(message)
}

describe('code in a pickle', () => {
  it.each([
    ['attack-system.pth', 'posix.system'],
    ['attack-eval.pth', '__builtin__.eval'],
    ['attack-getattr.pth', '__builtin__.getattr'],
    ['attack-nested.pth', 'posix.system'],
    ['module.pth', 'torch.nn.modules.linear.Linear'],
  ])('in %s is refused by its name, with the remedy', (name, global) => {
    expectRefusal(
      () => decodePth(fixture(name), name),
      /is code, not data, and is refused.*model\.state_dict\(\)/,
    )
    expect(() => decodePth(fixture(name), name)).toThrow(`${name} asks for ${global}`)
  })

  it.each([
    [
      'the constructor of an object',
      bytesOf(...protocol2, 'c__proto__\nconstructor\n)R.'),
      /__proto__\.constructor/,
    ],
    ['a call of a storage class', bytesOf(...protocol2, 'ctorch\nFloatStorage\n)R.'), /nothing to call/],
    ['a call of a dict', bytesOf(...protocol2, '})R.'), /nothing to call/],
    [
      'an ordered dict from arguments',
      bytesOf(...protocol2, 'ccollections\nOrderedDict\n]K', 1, 'a', 0x85, 'R.'),
      /OrderedDict from what is no list of pairs/,
    ],
    ['state for a list', bytesOf(...protocol2, ']}b.'), /has none/],
    ['a pickle of protocol 0', bytesOf("cos\nsystem\n(S'id'\ntR."), /asks for os\.system/],
    ['inst, of protocol 0', bytesOf("(S'id'\nios\nsystem\n."), /opcode STRING \(0x53\)/],
    ['inst of code', bytesOf(...protocol2, '(U', 2, 'idios\nsystem\n.'), /asks for os\.system/],
    [
      'inst of what is allowed',
      bytesOf(...protocol2, '(icollections\nOrderedDict\n.'),
      /opcode INST \(0x69\)/,
    ],
    ['obj, of protocol 1', bytesOf(...protocol2, '(cposix\nsystem\nU', 2, 'ido.'), /posix\.system/],
    [
      'obj of what is allowed',
      bytesOf(...protocol2, '(ccollections\nOrderedDict\no.'),
      /opcode OBJ \(0x6f\)/,
    ],
    [
      'a new object',
      bytesOf(...protocol2, 'ccollections\nOrderedDict\n)', 0x81, '.'),
      /opcode NEWOBJ \(0x81\)/,
    ],
    ['a new object by keywords', bytesOf(0x80, 4, '}}}', 0x92, '.'), /opcode NEWOBJ_EX \(0x92\)/],
    [
      'a global by strings, of protocol 4',
      bytesOf(
        0x80,
        4,
        0x95,
        40,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0x8c,
        2,
        'os',
        0x94,
        0x8c,
        6,
        'system',
        0x94,
        0x93,
        0x8c,
        2,
        'id',
        0x85,
        'R.',
      ),
      /asks for os\.system/,
    ],
    ['a global by strings that are none', bytesOf(0x80, 4, 'NN', 0x93, '.'), /what is no string/],
    [
      'a path of attributes from what is allowed',
      bytesOf(0x80, 4, 0x8c, 5, 'torch', 0x8c, 16, 'Size.__class__.x', 0x93, '.'),
      /asks for torch\.Size\.__class__\.x/,
    ],
    ['an extension code', bytesOf(...protocol2, 0x82, 1, '.'), /opcode EXT1 \(0x82\)/],
    ['an extension code of 2 bytes', bytesOf(...protocol2, 0x83, 1, 0, '.'), /opcode EXT2/],
    ['an extension code of 4 bytes', bytesOf(...protocol2, 0x84, 1, 0, 0, 0, '.'), /opcode EXT4/],
    [
      'a pickle in a pickle',
      bytesOf(...protocol2, 'ctorch.storage\n_load_from_bytes\n.'),
      /torch\.storage\._load_from_bytes, which is code/,
    ],
    [
      'state for a tensor',
      bytesOf(...tensorPickle('0', 4, 0, [4], [1]).slice(0, -2), '}bs.'),
      /state of an object that has none/,
    ],
    ['state with a setter', bytesOf(...protocol2, '}U', 1, 'x', 'b.'), /state of an object/],
    ['protocol 6', bytesOf(0x80, 6, '}.'), /protocol 6/],
    ['a bare class', bytesOf(...protocol2, 'ctorch\nFloatStorage\n.'), /bare class or storage/],
    ['a persistent id that is no storage', bytesOf(...protocol2, 'NQ.'), /no storage/],
  ])('as %s is refused', (_, pickle, message) => {
    expectRefusal(() => read(pickle), message)
  })

  it.each([
    ['complex.pth', /torch\.ComplexFloatStorage, a kind of tensor/],
    ['script.pth', /TorchScript program/],
    ['compressed.pth', /compressed \(zip method 8\)/],
  ])('%s is refused with the remedy', (name, message) => {
    expectRefusal(() => decodePth(fixture(name), name), message)
    expect(() => decodePth(fixture(name), name)).toThrow(/torch\.save|tensor\.float/)
  })
})

describe('a pickle that is wrong', () => {
  it.each([
    ['ends early', bytesOf(...protocol2, '}'), /ends too early/],
    ['ends in a name', bytesOf(...protocol2, 'ctorch'), /middle of a name/],
    ['is empty', bytesOf(), /ends too early/],
    ['claims a string of 4 GB', bytesOf(...protocol2, 'X', 255, 255, 255, 255, '.'), /ends too early/],
    ['holds no UTF-8', bytesOf(...protocol2, 'X', 1, 0, 0, 0, 0xff, '.'), /UTF-8/],
    ['leaves two objects', bytesOf(...protocol2, '}}.'), /more than one object/],
    ['leaves none', bytesOf(...protocol2, '.'), /never made/],
    ['takes a mark', bytesOf(...protocol2, '(.'), /mark for an object/],
    ['lacks a mark', bytesOf(...protocol2, 't.'), /lacks a mark/],
    ['recalls what was not kept', bytesOf(...protocol2, 'h', 3, '.'), /recalls object 3/],
    ['appends to a dict', bytesOf(...protocol2, '}Na.'), /no list/],
    ['sets an item of a list', bytesOf(...protocol2, ']NNs.'), /no dict/],
    ['sets a key alone', bytesOf(...protocol2, '}(Nu.'), /without a value/],
    ['has a dict for a key', bytesOf(...protocol2, '}}Ns.'), /neither a string/],
    ['holds a list in itself', bytesOf(...protocol2, ']q', 0, 'h', 0, 'a.'), /contains itself/],
    [
      'nests deeply',
      bytesOf(...protocol2, ...Array<string>(5000).fill(']'), ...Array<string>(4999).fill('a'), '.'),
      /nested deeper/,
    ],
  ])('and %s is refused', (_, pickle, message) => {
    expectRefusal(() => read(pickle), message)
  })

  it('with a memo index of four billion takes no memory for it', () => {
    expect(read(bytesOf(...protocol2, 'Nr', 255, 255, 255, 255, '.'))).toBeNull()
  })
})

describe('a tensor that is wrong', () => {
  it('is told from one that is right', () => {
    expect(read(tensorPickle('0', 4, 0, [2, 2], [2, 1]))).toBeInstanceOf(Map)
  })

  it.each([
    [
      'lies in a storage that is not there',
      tensorPickle('1', 4, 0, [4], [1]),
      /storage '1', which the archive lacks/,
    ],
    ['lies outside of the folder', tensorPickle('../version', 4, 0, [4], [1]), /which the archive lacks/],
    [
      'lies in a storage that is cut off',
      tensorPickle('0', 5, 0, [4], [1]),
      /needs 20 bytes of the storage '0', which has 16/,
    ],
    ['has a storage of negative size', tensorPickle('0', -1, 0, [4], [1]), /storage '0'/],
    ['reaches past its storage', tensorPickle('0', 4, 1, [4], [1]), /reaches element 4 of a storage of 4/],
    ['strides past its storage', tensorPickle('0', 4, 0, [2, 2], [3, 1]), /reaches element 4/],
    ['strides backwards', tensorPickle('0', 4, 3, [4], [-1]), /strides/],
    ['starts before its storage', tensorPickle('0', 4, -1, [1], [1]), /offset/],
    ['has a negative size', tensorPickle('0', 4, 0, [-4], [1]), /shape/],
    ['has strides for another rank', tensorPickle('0', 4, 0, [4], [1, 1]), /strides/],
    ['claims four terabytes', tensorPickle('0', 4, 0, [1 << 20, 1 << 20], [0, 0]), /far more memory/],
    [
      'claims more than can be counted',
      tensorPickle('0', 4, 0, [1 << 30, 1 << 30], [0, 0]),
      /impossible shape/,
    ],
  ])('because it %s is refused', (_, pickle, message) => {
    expectRefusal(() => read(pickle), message)
  })
})

describe('an archive that is wrong', () => {
  const file = ['archive/data.pkl', bytesOf(...protocol2, '}.')] as const
  it('is told from one that is right', () => {
    expect(decodePth(zipOf([file]))).toEqual(new Map())
  })

  it.each([
    ['two entries of one name', zipOf([file, file]), /twice/],
    [
      'a name that leaves the folder',
      zipOf([file, ['archive/../../etc/passwd', data16]]),
      /no honest archive/,
    ],
    ['an absolute name', zipOf([file, ['/etc/passwd', data16]]), /no honest archive/],
    ['a name of another system', zipOf([file, ['C:\\windows', data16]]), /no honest archive/],
    ['no pickle', zipOf([['archive/version', data16]]), /no data\.pkl/],
    ['two pickles', zipOf([file, ['other/data.pkl', file[1]]]), /data\.pkl twice/],
    ['big-endian numbers', zipOf([file, ['archive/byteorder', bytesOf('big')]]), /big-endian/],
  ])('because it has %s is refused', (_, bytes, message) => {
    expectRefusal(() => decodePth(bytes), message)
  })

  it('is refused wherever it is cut off', () => {
    const whole = fixture('state-dict.pth')
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodePth(whole.subarray(0, length))).toThrow(FileFormatError)
    }
  })

  it('is refused, or read rightly, whichever bits of it flip', () => {
    const whole = fixture('state-dict.pth')
    const right = decodePth(whole)
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 3,
    })
    fc.assert(
      fc.property(flips, (changes) => {
        const bytes = whole.slice()
        for (const [at, mask] of changes) bytes[at]! ^= mask
        const value = valueOrRefusal(bytes)
        if (value !== refused) expect(value).toEqual(right)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a pickle with a right checksum', () => {
  it('is read or refused, whatever it says', () => {
    const files = Object.fromEntries(
      [...readZip(fixture('checkpoint.pth'), 'checkpoint.pth').values()].map(({ name, bytes }) => [
        name.replace('checkpoint/', ''),
        bytes,
      ]),
    )
    const pickle = files['data.pkl']!
    const changes = fc.array(fc.tuple(fc.nat(pickle.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    let refusals = 0
    fc.assert(
      fc.property(changes, (places) => {
        const changed = pickle.slice()
        for (const [at, byte] of places) changed[at] = byte
        if (valueOrRefusal(archiveOf({ ...files, 'data.pkl': changed })) === refused) refusals++
      }),
      { numRuns: 500 },
    )
    expect(refusals).toBeGreaterThan(0)
  })
})

const refused = Symbol('refused')

/** Any other error fails the test. */
function valueOrRefusal(bytes: Uint8Array): unknown {
  try {
    return decodePth(bytes)
  } catch (error) {
    if (error instanceof FileFormatError) return refused
    throw error
  }
}
