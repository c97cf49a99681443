/**
 * A zip archive with zip64 fields wherever the format allows them (APPNOTE 4.3.14, 4.3.15 and 4.5.3): as a writer makes it that
 * can't know how large an archive will be, and as all make it above 4 GB or 65,535 files. Python's zipfile and unzip read it.
 *
 * @param before - How many bytes of others come before it.
 */
export function asZip64(zip: Uint8Array, before = 0): Uint8Array<ArrayBuffer> {
  const end = zip.length - 22
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength)
  const [count, start] = [view.getUint16(end + 10, true), view.getUint32(end + 16, true)]
  const entries: Uint8Array[] = []
  for (let at = start; at < end;) {
    const length = 46 + view.getUint16(at + 28, true)
    entries.push(wide(zip.slice(at, at + length), before))
    at += length + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  const size = entries.reduce((sum, { length }) => sum + length, 0)
  const parts = [zip.subarray(0, start), ...entries, ...ends(count, size, before + start)]
  return new Uint8Array(Buffer.concat(parts))
}

/** An entry of the directory whose sizes and offset stand in its extra field. */
function wide(entry: Uint8Array, before: number): Uint8Array {
  const view = new DataView(entry.buffer)
  const extra = new DataView(new ArrayBuffer(28))
  extra.setUint16(0, 1, true)
  extra.setUint16(2, 24, true)
  // Of its content, packed, and where it begins: in this order, which isn't that of the entry.
  for (const [index, field] of [24, 20, 42].entries()) {
    const value = view.getUint32(field, true) + (field === 42 ? before : 0)
    extra.setBigUint64(4 + 8 * index, BigInt(value), true)
    view.setUint32(field, 0xffffffff, true)
  }
  view.setUint16(30, extra.byteLength, true)
  view.setUint16(32, 0, true)
  return Buffer.concat([entry, new Uint8Array(extra.buffer)])
}

/** The zip64 end record, its locator, and an end record that says that they count. */
function ends(count: number, size: number, start: number): Uint8Array[] {
  const [record, locator, end] = [56, 20, 22].map((length) => new DataView(new ArrayBuffer(length))) as [
    DataView,
    DataView,
    DataView,
  ]
  record.setUint32(0, 0x06064b50, true)
  record.setBigUint64(4, 44n, true)
  record.setUint16(12, 45, true)
  record.setUint16(14, 45, true)
  for (const [index, value] of [count, count, size, start].entries()) {
    record.setBigUint64(24 + 8 * index, BigInt(value), true)
  }
  locator.setUint32(0, 0x07064b50, true)
  locator.setBigUint64(8, BigInt(start + size), true)
  locator.setUint32(16, 1, true)
  end.setUint32(0, 0x06054b50, true)
  for (const field of [8, 10]) end.setUint16(field, 0xffff, true)
  for (const field of [12, 16]) end.setUint32(field, 0xffffffff, true)
  return [record, locator, end].map(({ buffer }) => new Uint8Array(buffer))
}
