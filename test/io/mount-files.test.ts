import { zipSync, type Zippable } from 'fflate'
import { afterEach, describe, expect, it } from 'vitest'

import { listDirectory, readFile } from '#platform'

import { ArgumentError, DataError, FileFormatError, FileSystemError } from '../../src/core/errors.ts'
import { mountFiles, unmountFiles } from '../../src/io/mount-files.ts'
import { filesOfManifest } from '../../src/io/mount-manifest.ts'
import { asZip64 } from './zip64.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const textAt = async (path: string) => new TextDecoder().decode(await readFile(path))
const namesIn = async (path: string) => (await listDirectory(path)).map(({ name }) => name)
const archive = (files: Zippable) => new File([zipSync(files)], 'photos.zip')

/** A file as an `<input webkitdirectory>` gives it. */
function chosen(path: string): File {
  const file = new File([path], path.split('/').at(-1)!)
  return Object.defineProperty(file, 'webkitRelativePath', { value: path })
}

let root = ''
const mounted = async (...given: Parameters<typeof mountFiles>) => (root = await mountFiles(...given))
afterEach(() => {
  unmountFiles(root)
})

describe('files of a chosen folder', () => {
  it('begin below it, even beside files of its own', async () => {
    await mounted(['photos/ants/1.jpg', 'photos/bees/2.jpg', 'photos/readme.txt'].map(chosen))
    expect(await namesIn(root)).toEqual(['ants', 'bees', 'readme.txt'])
    expect(await textAt(`${root}/bees/2.jpg`)).toBe('photos/bees/2.jpg')
  })

  it('leave out what is hidden', async () => {
    await mounted(
      ['p/a/1.jpg', 'p/.DS_Store', 'p/a/.x/2.jpg', 'p/a/Thumbs.db', '__MACOSX/a/1.jpg'].map(chosen),
    )
    expect(await namesIn(root)).toEqual(['a'])
    expect(await namesIn(`${root}/a`)).toEqual(['1.jpg'])
  })

  it('are not there once they are let go of', async () => {
    await mounted([chosen('p/a/1.jpg')])
    unmountFiles(root)
    await expect(listDirectory(root)).rejects.toThrow(FileSystemError)
  })
})

it('refuses two files of one name, none, and what is no source', async () => {
  await expect(mountFiles([new File(['1'], '1.jpg'), new File(['2'], '1.jpg')])).rejects.toThrow(
    /two files '1.jpg'.*\{ 'ants\/1.jpg': file/,
  )
  await expect(mountFiles([])).rejects.toThrow(DataError)
  await expect(mountFiles({ '../x': new Blob() })).rejects.toThrow(ArgumentError)
})

it('says that a chosen file was changed or removed', async () => {
  const gone = new File(['x'], '1.jpg')
  // What browsers do.
  gone.arrayBuffer = () => Promise.reject(new DOMException('could not be read', 'NotReadableError'))
  await mounted({ 'a/1.jpg': gone })
  await expect(readFile(`${root}/a/1.jpg`)).rejects.toThrow(
    /a\/1.jpg: it was changed or removed.*choose it again/,
  )
})

describe('an archive', () => {
  const long = 'ant '.repeat(1000)

  it('is unpacked file by file: stored, deflated, with a comment behind', async () => {
    const zip = zipSync({ 'p/ants/1.txt': bytes(long), 'p/bees/2.txt': [bytes('bee'), { level: 0 }] })
    const comment = bytes('made by hand')
    new DataView(zip.buffer).setUint16(zip.length - 2, comment.length, true)
    await mounted(new File([zip, comment], 'photos.zip'))
    expect(await namesIn(root)).toEqual(['ants', 'bees'])
    expect(await textAt(`${root}/ants/1.txt`)).toBe(long)
    expect(await textAt(`${root}/bees/2.txt`)).toBe('bee')
  })

  it('reads no more than its directory before a file is asked for', async () => {
    const zip = archive({ 'a/1.bin': [new Uint8Array(1 << 22), { level: 0 }] })
    let read = 0
    const slice = zip.slice.bind(zip)
    zip.slice = (...range) => {
      const part = slice(...range)
      const whole = part.arrayBuffer.bind(part)
      part.arrayBuffer = () => ((read += part.size), whole())
      return part
    }
    await mounted(zip)
    expect(read).toBeLessThan(1 << 18)
    expect((await readFile(`${root}/a/1.bin`)).length).toBe(1 << 22)
  })

  it('of one class keeps its folder', async () => {
    await mounted(archive({ 'ants/1.jpg': bytes('1'), 'ants/2.jpg': bytes('2') }))
    expect(await namesIn(root)).toEqual(['ants'])
  })

  it.each(['../evil.jpg', '/evil.jpg', 'a/../../evil.jpg', 'C:\\evil.jpg'])(
    'is refused for a file named %s',
    async (name) => {
      await expect(mountFiles(archive({ [name]: bytes('x') }))).rejects.toThrow(FileFormatError)
    },
  )

  it('does not go off as a bomb: neither by a directory that lies, nor by one that tells', async () => {
    const zip = zipSync({ 'a/1.bin': new Uint8Array(1 << 24) })
    const lying = patched(zip, 24, 1000)
    await mounted(lying)
    await expect(readFile(`${root}/a/1.bin`)).rejects.toThrow(/files:\d+\/a\/1.bin: its archive is damaged/)
    await expect(mountFiles(patched(zip, 24, 2 ** 30))).rejects.toThrow(FileFormatError)
  })

  it('is refused where it is cut off, encrypted, packed otherwise, or none', async () => {
    const zip = zipSync({ 'a/1.txt': bytes(long) })
    await expect(mountFiles(new Blob([zip.subarray(0, -40)]))).rejects.toThrow(/damaged zip archive/)
    await expect(mountFiles(patched(zip, 8, 1))).rejects.toThrow(/a\/1.txt encrypted/)
    await expect(mountFiles(patched(zip, 10, 14))).rejects.toThrow(/packing of another kind \(14\)/)
    await expect(mountFiles(new Blob(['no zip']))).rejects.toThrow(/no .zip archive/)
  })

  it('tells a damaged file by its checksum', async () => {
    const zip = zipSync({ 'a/1.txt': [bytes('ant'), { level: 0 }] })
    zip[30 + 'a/1.txt'.length]! ^= 1
    await mounted(new Blob([zip]))
    await expect(readFile(`${root}/a/1.txt`)).rejects.toThrow(FileFormatError)
  })
})

describe('a zip64 archive', () => {
  const zip = zipSync({
    'p/ants/1.txt': bytes('ant '.repeat(1000)),
    'p/bees/2.txt': [bytes('bee'), { level: 0 }],
  })

  it('is read as any other', async () => {
    await mounted(new Blob([asZip64(zip)]))
    expect(await namesIn(root)).toEqual(['ants', 'bees'])
    expect(await textAt(`${root}/ants/1.txt`)).toBe('ant '.repeat(1000))
    expect(await textAt(`${root}/bees/2.txt`)).toBe('bee')
  })

  it('is read beyond 4 GB', async () => {
    const before = 5 * 2 ** 30
    const end = new Blob([asZip64(zip, before)])
    const large = new Blob()
    Object.defineProperty(large, 'size', { value: before + end.size })
    large.slice = (start = 0, stop = large.size) => end.slice(Math.max(0, start - before), stop - before)
    await mounted(large)
    expect(await textAt(`${root}/ants/1.txt`)).toBe('ant '.repeat(1000))
    expect(await textAt(`${root}/bees/2.txt`)).toBe('bee')
  })

  it('is refused where its directory is not to be found, or its numbers lead nowhere', async () => {
    const wide = asZip64(zip)
    const without = (from: number, to: number) =>
      new Blob([wide.subarray(0, wide.length + from), wide.subarray(wide.length + to)])
    // End record, 22 bytes; locator, 20; zip64 end record, 56.
    await expect(mountFiles(without(-42, -22))).rejects.toThrow(
      /damaged zip archive: it lacks its zip64 directory/,
    )
    await expect(mountFiles(without(-98, -42))).rejects.toThrow(FileFormatError)
    const absurd = wide.slice()
    absurd.fill(0xff, wide.length - 98 + 48, wide.length - 98 + 56)
    await expect(mountFiles(new Blob([absurd]))).rejects.toThrow(
      /damaged zip archive: a zip64 number is absurdly large/,
    )
  })
})

/** An archive whose directory says something else of its only file. */
function patched(zip: Uint8Array, field: number, value: number): Blob {
  const copy = zip.slice()
  const view = new DataView(copy.buffer)
  const directory = view.getUint32(copy.length - 6, true)
  if (field < 24) view.setUint16(directory + field, value, true)
  else view.setUint32(directory + field, value, true)
  return new Blob([copy])
}

describe('a manifest', () => {
  const url = new URL('https://example.org/set/manifest.json')
  const files = (content: unknown) =>
    [...filesOfManifest(bytes(JSON.stringify(content)), url)].map(([path, { from }]) => [path, from])

  it('is paths beside it, or paths with URLs', () => {
    expect(files(['train/ants/a #1.jpg'])).toEqual([
      ['train/ants/a #1.jpg', 'https://example.org/set/train/ants/a%20%231.jpg'],
    ])
    expect(files({ 'ants/1.jpg': '/other/1.jpg?x=2', 'b/2.jpg': 'https://elsewhere.example/2' })).toEqual([
      ['ants/1.jpg', 'https://example.org/other/1.jpg?x=2'],
      ['b/2.jpg', 'https://elsewhere.example/2'],
    ])
  })

  it.each([['../1.jpg'], { '/a.jpg': 'a' }, { 'a.jpg': 1 }, [1], 'text', 3, null])('is not %j', (content) => {
    expect(() => files(content)).toThrow(FileFormatError)
  })
})
