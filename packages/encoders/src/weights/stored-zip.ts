import { ModelFileError } from "./model-file-error.ts";

/** What opens the parts of a zip archive: a file, an entry of the directory, the end in its two forms, and what leads to the second. */
const FILE = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
const WIDE_END = 0x06064b50;
const WIDE_LOCATOR = 0x07064b50;

/** Bytes of the fixed part of each. */
const FILE_BYTES = 30;
const ENTRY_BYTES = 46;
const END_BYTES = 22;
const WIDE_END_BYTES = 56;
const LOCATOR_BYTES = 20;

/** Longest comment behind the end. */
const MAX_COMMENT = 0xffff;

/** Stands for a number that is in the entry's extra field, in 64 bits. */
const IN_EXTRA = 0xffffffff;
const WIDE_FIELD = 1;

/** Marks an entry as encrypted. */
const ENCRYPTED = 1;

/**
 * Finds the files of a zip archive that holds them as they are.
 *
 * Packed files are refused: they could swell without bound, and `torch.save` never packs. Nothing is copied.
 *
 * @param path Opens the error messages.
 * @returns The bytes of each file by name; they share memory with the archive.
 * @throws {ModelFileError} If the archive is damaged, or a file is packed, encrypted or there twice.
 */
export function listStoredFiles(bytes: Uint8Array, path: string): ReadonlyMap<string, Uint8Array> {
  const archive = new ZipBytes(bytes, path);
  const { count, start, end } = findDirectory(archive);
  if (count > (end - start) / ENTRY_BYTES) throw archive.damaged(`${count} entries in ${end - start} bytes`);
  const files = new Map<string, Uint8Array>();
  for (let index = 0, at = start; index < count; index += 1) {
    const { name, content, next } = readEntry(archive, at, end);
    if (files.has(name)) throw new ModelFileError(path, `must hold every file once, got ${shorten(name)} twice.`);
    files.set(name, content);
    at = next;
  }
  return files;
}

/** Numbers of an archive, which must lie inside it. */
class ZipBytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: string;

  constructor(bytes: Uint8Array, path: string) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
  }

  damaged(found: string): ModelFileError {
    return new ModelFileError(this.#path, `must be a whole zip archive, got ${found}. Download it again.`);
  }

  refused(problem: string): ModelFileError {
    return new ModelFileError(this.#path, problem);
  }

  short(at: number): number {
    this.#requireInside(at, 2);
    return this.#view.getUint16(at, true);
  }

  word(at: number): number {
    this.#requireInside(at, 4);
    return this.#view.getUint32(at, true);
  }

  /** 64 bits; beyond 2⁵³ not exact, but beyond the file as well. */
  wide(at: number): number {
    this.#requireInside(at, 8);
    return Number(this.#view.getBigUint64(at, true));
  }

  part(start: number, end: number): Uint8Array {
    if (end < start || end > this.bytes.length) throw this.damaged(`a part that ends at byte ${end}`);
    return this.bytes.subarray(start, end);
  }

  #requireInside(at: number, width: number): void {
    if (at < 0 || at + width > this.bytes.length) throw this.damaged(`${this.bytes.length} bytes`);
  }
}

/** Where the archive's directory lies, and how many entries it has. */
function findDirectory(archive: ZipBytes): { count: number; start: number; end: number } {
  const last = archive.bytes.length - END_BYTES;
  const first = Math.max(0, last - MAX_COMMENT);
  let at = last;
  while (at >= first && archive.word(at) !== END) at -= 1;
  if (at < first) throw archive.damaged("no end of its directory");
  let [count, size, start, end] = [archive.short(at + 10), archive.word(at + 12), archive.word(at + 16), at];
  const locator = at - LOCATOR_BYTES;
  if (locator >= 0 && archive.word(locator) === WIDE_LOCATOR) {
    end = archive.wide(locator + 8);
    if (end > locator - WIDE_END_BYTES || archive.word(end) !== WIDE_END) throw archive.damaged("a wrong locator");
    [count, size, start] = [archive.wide(end + 32), archive.wide(end + 40), archive.wide(end + 48)];
  }
  if (start + size > end) throw archive.damaged(`a directory that ends at byte ${start + size}`);
  return { count, start, end: start + size };
}

function readEntry(
  archive: ZipBytes,
  at: number,
  directoryEnd: number,
): { name: string; content: Uint8Array; next: number } {
  if (at + ENTRY_BYTES > directoryEnd || archive.word(at) !== ENTRY) throw archive.damaged("a wrong entry");
  const [nameLength, extraLength] = [archive.short(at + 28), archive.short(at + 30)];
  const nameEnd = at + ENTRY_BYTES + nameLength;
  const extraEnd = nameEnd + extraLength;
  const next = extraEnd + archive.short(at + 32);
  if (next > directoryEnd) throw archive.damaged("an entry that is cut off");
  const name = new TextDecoder().decode(archive.part(at + ENTRY_BYTES, nameEnd));

  const packing = archive.short(at + 10);
  const narrow = { size: archive.word(at + 24), stored: archive.word(at + 20), start: archive.word(at + 42) };
  const { size, stored, start } = widen(archive, narrow, nameEnd, extraEnd);
  if (archive.short(at + 8) & ENCRYPTED) throw archive.refused(`must not be encrypted, but ${shorten(name)} is.`);
  if (packing !== 0 || size !== stored) {
    throw archive.refused(`must hold its files unpacked, but ${shorten(name)} is packed.`);
  }
  if (archive.word(start) !== FILE) throw archive.damaged(`no file where ${shorten(name)} must begin`);
  const contentStart = start + FILE_BYTES + archive.short(start + 26) + archive.short(start + 28);
  return { name, content: archive.part(contentStart, contentStart + size), next };
}

interface Place {
  readonly size: number;
  readonly stored: number;
  readonly start: number;
}

/** The numbers of an entry; those that 32 bits cannot hold are in its extra field, in this order. */
function widen(archive: ZipBytes, narrow: Place, extraStart: number, extraEnd: number): Place {
  for (let at = extraStart; at + 4 <= extraEnd; at += 4 + archive.short(at + 2)) {
    if (archive.short(at) !== WIDE_FIELD) continue;
    let from = at + 4;
    const take = (value: number): number => (value === IN_EXTRA ? archive.wide((from += 8) - 8) : value);
    return { size: take(narrow.size), stored: take(narrow.stored), start: take(narrow.start) };
  }
  return narrow;
}

/** A name as an error message shows it. */
function shorten(name: string): string {
  return name.length > 100 ? `${name.slice(0, 99)}…` : name;
}
