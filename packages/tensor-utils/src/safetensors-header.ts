/** Bytes that are no safetensors file, or hold what cannot be read. */
export class SafetensorsError extends Error {
  override readonly name = "SafetensorsError";

  /** The tensor that is wrong; nothing if the file as a whole is. */
  readonly tensor: string | undefined;

  constructor(problem: string, tensor?: string, cause?: unknown) {
    super(`${tensor === undefined ? "safetensors header" : `tensor ${excerpt(tensor)}`} ${problem}`, { cause });
    this.tensor = tensor;
  }
}

/** Bytes of one value in each number format that is read. */
const VALUE_BYTES = { F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 } as const;

/** A number format of a safetensors file, under the file's own name for it. */
export type SafetensorsFormat = keyof typeof VALUE_BYTES;

/** What a safetensors file says about one tensor. */
export interface SafetensorsEntry {
  readonly format: SafetensorsFormat;
  readonly shape: readonly number[];
  /** First byte of the values, counted from the start of the file. */
  readonly start: number;
  /** Byte after the last. */
  readonly end: number;
}

/** The header of a safetensors file. */
export interface SafetensorsHeader {
  /** Every tensor by name, in the order of their values in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Free text by name. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Longest header, as in the reference implementation. */
const MAX_HEADER_BYTES = 100_000_000;

/** Most axes of a tensor, as in PyTorch; TensorFlow ends the process above 254. */
const MAX_AXES = 64;

/**
 * Gives the number of bytes to hand to {@link parseSafetensorsHeader}.
 *
 * @param bytes The file, or its first 8 bytes at the least.
 * @throws {SafetensorsError} If the length is impossible.
 */
export function safetensorsHeaderEnd(bytes: Uint8Array, fileSize: number = bytes.byteLength): number {
  if (bytes.byteLength < 8) throw new SafetensorsError(`must begin with 8 bytes of length, got ${bytes.byteLength}.`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES)
    throw new SafetensorsError(`must have at most ${MAX_HEADER_BYTES} bytes, got ${length}.`);
  const end = 8 + Number(length);
  if (end > fileSize) throw new SafetensorsError(`must end inside the file (${fileSize} bytes), got ${end}.`);
  return end;
}

/**
 * Reads and checks the header of a safetensors file: the tensors must fill the rest of the file without gap or overlap.
 *
 * @param bytes The file, or as much of it as {@link safetensorsHeaderEnd} says.
 * @param fileSize Bytes of the whole file.
 * @throws {SafetensorsError} If the header breaks a rule; the message names the tensor.
 */
export function parseSafetensorsHeader(bytes: Uint8Array, fileSize: number = bytes.byteLength): SafetensorsHeader {
  const headerEnd = safetensorsHeaderEnd(bytes, fileSize);
  const { __metadata__: metadata, ...raw } = parseJson(bytes.subarray(8, headerEnd));
  const entries = Object.entries(raw).map(([name, value]) => [name, toEntry(name, value, headerEnd)] as const);
  entries.sort(([, left], [, right]) => left.start - right.start || left.end - right.end);

  let expected = headerEnd;
  for (const [name, { start, end }] of entries) {
    if (end > fileSize) throw new SafetensorsError(`must end inside the file (${fileSize} bytes), got ${end}.`, name);
    if (start !== expected) {
      throw new SafetensorsError(`must begin where the values before it end (byte ${expected}), got ${start}.`, name);
    }
    expected = end;
  }
  if (expected !== fileSize) {
    throw new SafetensorsError(`must account for the whole file (${fileSize} bytes), got ${expected}.`);
  }
  return { entries: new Map(entries), metadata: toMetadata(metadata) };
}

function parseJson(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  let duplicate: string | undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
    duplicate = findDuplicateKey(text);
  } catch (cause) {
    throw new SafetensorsError(`must be JSON in UTF-8: ${String(cause)}.`, undefined, cause);
  }
  if (!isRecord(header)) throw new SafetensorsError("must be a JSON object.");
  if (duplicate !== undefined)
    throw new SafetensorsError(`must hold every name once, got ${excerpt(duplicate)} twice.`);
  return header;
}

/** Finds a name that occurs twice in one object of a valid JSON text. */
function findDuplicateKey(text: string): string | undefined {
  // The names in each object that has begun; a list has none, and most texts that nest deeply nest lists.
  const open: (Set<string> | undefined)[] = [];
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === "{" || character === "[") open.push(undefined);
    if (character === "}" || character === "]") open.pop();
    if (character !== '"') continue;
    const start = index;
    for (index += 1; text[index] !== '"'; index += 1) if (text[index] === "\\") index += 1;
    let next = index + 1;
    while (" \t\r\n".includes(text[next] ?? "x")) next += 1;
    if (text[next] !== ":") continue;
    const key = JSON.parse(text.slice(start, index + 1)) as string;
    const names = open.at(-1) ?? new Set();
    if (names.has(key)) return key;
    open[open.length - 1] = names.add(key);
  }
  return undefined;
}

function toEntry(name: string, value: unknown, headerEnd: number): SafetensorsEntry {
  if (!isRecord(value)) throw new SafetensorsError("must be described by an object.", name);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(VALUE_BYTES, dtype)) {
    const known = Object.keys(VALUE_BYTES).join(", ");
    throw new SafetensorsError(`must have a dtype among ${known}, got ${describe(dtype)}.`, name);
  }
  if (!isSizes(shape)) throw new SafetensorsError(`must have a shape of sizes ≥ 0, got ${describe(shape)}.`, name);
  if (shape.length > MAX_AXES) {
    throw new SafetensorsError(`must have at most ${MAX_AXES} axes, got ${shape.length}.`, name);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw new SafetensorsError(`must have two data_offsets ≥ 0, got ${describe(offsets)}.`, name);
  }
  const [start, end] = offsets as [number, number];
  const bytes = shape.reduce((product, size) => product * size, 1) * VALUE_BYTES[dtype as SafetensorsFormat];
  if (end - start !== bytes) {
    const rule = `must have as many bytes as ${dtype} [${shape.join(", ")}] takes (${bytes})`;
    throw new SafetensorsError(`${rule}, got data_offsets ${start}–${end}.`, name);
  }
  return { format: dtype as SafetensorsFormat, shape, start: headerEnd + start, end: headerEnd + end };
}

function toMetadata(value: unknown): Map<string, string> {
  if (value === undefined) return new Map();
  const entries = isRecord(value) ? Object.entries(value) : undefined;
  if (!entries?.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    throw new SafetensorsError("must have texts as __metadata__.");
  }
  return new Map(entries);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** A value of the header as an error message shows it: of lists and texts, the beginning; of lists in lists, nothing. */
function describe(value: unknown): string {
  if (typeof value === "string") return excerpt(value);
  if (!Array.isArray(value)) return isRecord(value) ? "an object" : String(value);
  const shown = value.slice(0, 8).map((item) => (typeof item === "number" ? String(item) : typeof item));
  return `[${shown.join(",")}${value.length > shown.length ? ",…" : ""}]`;
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 99)}…` : text);
}
