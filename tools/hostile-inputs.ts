/** A stream of numbers that a seed decides, so that an input can be made again from its number. */
export class Chance {
  #state: number;

  constructor(seed: string) {
    this.#state = 0x9e3779b9;
    for (const letter of seed) this.#state = mix(this.#state ^ (letter.codePointAt(0) ?? 0));
  }

  /** A whole number from 0 up to `limit`, exclusive. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    return Math.floor((mix(this.#state) / 2 ** 32) * limit);
  }

  /** One of several, each as likely as the others. */
  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item; // there is at least one
  }

  /** Whether something of this probability happens, 0–1. */
  happens(probability: number): boolean {
    return this.below(2 ** 30) < probability * 2 ** 30;
  }
}

function mix(state: number): number {
  let value = state | 0;
  value = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  value = Math.imul(value ^ (value >>> 15), 0x735a2d97);
  return (value ^ (value >>> 15)) >>> 0;
}

const NUMBERS = [0, 1, -1, 2, 127, 128, 255, 256, 32_767, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53];

const NUMBER_TEXTS = [
  ...NUMBERS.map(String),
  "-2147483649",
  "9007199254740993",
  "99999999999999999999",
  "1e999",
  "-0",
  "0.5",
];

/** Stands in a JSON value for lists within lists, which a serializer would not survive. */
const DEEP = "\u0000deep\u0000";

const LEAVES: readonly unknown[] = [
  null,
  true,
  false,
  "",
  "x",
  "\u0000",
  "\ud800",
  "__proto__",
  "constructor",
  "x".repeat(1000),
  DEEP,
  [],
  {},
  [[]],
  [null],
  { a: 1 },
  { length: 2 ** 31 },
  0.5,
  1e308,
  -1e-9,
  ...NUMBERS,
];

/** Changes a few places of a file. */
export function mutateBytes(seed: Uint8Array, chance: Chance, words: readonly string[] = []): Uint8Array {
  let bytes = seed;
  do bytes = mutateOnce(bytes, chance, words);
  while (chance.happens(0.5));
  return bytes;
}

function mutateOnce(bytes: Uint8Array, chance: Chance, words: readonly string[]): Uint8Array {
  const at = chance.below(bytes.length + 1);
  const length = chance.below(Math.min(bytes.length - at, chance.pick([1, 4, 16, 1e9])) + 1);
  const [before, range, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
  switch (chance.below(10)) {
    case 0:
      return join(before, [(bytes[at] ?? 0) ^ (1 << chance.below(8))], bytes.subarray(at + 1));
    case 1:
      return join(before, [chance.pick([0, 1, 0x7f, 0x80, 0xff, chance.below(256)])], bytes.subarray(at + 1));
    case 2:
      return join(before, after);
    case 3:
      return before;
    case 4:
      return join(before, ...Array.from({ length: 1 + chance.below(chance.pick([2, 8, 64])) }, () => range), after);
    case 5:
      return join(before, Array.from({ length: chance.below(9) }, () => chance.below(256)) as number[], after);
    case 6:
      return overwriteNumber(bytes, at, chance);
    case 7:
      return replaceNumberText(bytes, at, chance);
    case 8: {
      const from = chance.below(bytes.length + 1);
      return join(before, bytes.subarray(from, from + length), after);
    }
    default:
      return join(before, Buffer.from(chance.pick(words.length > 0 ? words : NUMBER_TEXTS), "latin1"), after);
  }
}

function overwriteNumber(bytes: Uint8Array, at: number, chance: Chance): Uint8Array {
  const width = chance.pick([2, 4, 8]);
  const number = Buffer.alloc(8);
  number.writeBigInt64LE(BigInt(chance.pick(NUMBERS)));
  const written = chance.happens(0.8) ? number.subarray(0, width) : Buffer.from(number.subarray(0, width)).reverse();
  return join(bytes.subarray(0, at), written, bytes.subarray(at + width));
}

function replaceNumberText(bytes: Uint8Array, at: number, chance: Chance): Uint8Array {
  const isDigit = (index: number): boolean => (bytes[index] ?? 0) >= 0x30 && (bytes[index] ?? 0) <= 0x39;
  let start = at;
  while (start < bytes.length && !isDigit(start)) start += 1;
  let end = start;
  while (isDigit(end)) end += 1;
  return join(bytes.subarray(0, start), Buffer.from(chance.pick(NUMBER_TEXTS)), bytes.subarray(end));
}

function join(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : Uint8Array.from(part))));
}

/** Changes a few values of a JSON text, which stays one. */
export function mutateJson(seed: string, chance: Chance): string {
  let value: unknown = JSON.parse(seed);
  do value = mutateValue(value, chance);
  while (chance.happens(0.4));
  const depth = chance.pick([3, 100, 5000]);
  const text = JSON.stringify(value) ?? "null";
  const deep = text.replaceAll(JSON.stringify(DEEP), () => "[".repeat(depth) + "]".repeat(depth));
  return chance.happens(0.1) ? repeatKey(deep, chance) : deep;
}

function mutateValue(root: unknown, chance: Chance): unknown {
  const places = placesOf(root);
  if (places.length === 0 || chance.happens(0.01)) return chance.pick(LEAVES);
  const { parent, key } = chance.pick(places);
  const other = chance.pick(places);
  switch (chance.below(6)) {
    case 0:
      setChild(parent, key, structuredClone(other.parent[other.key]));
      return root;
    case 1:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      return root;
    case 2:
      if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(parent[Number(key)]) as never);
      else setChild(parent, chance.pick(["__proto__", "constructor", "", "x", String(other.key)]), parent[key]);
      return root;
    case 3:
      setChild(parent, key, nudge(parent[key], chance));
      return root;
    default:
      setChild(parent, key, structuredClone(chance.pick(LEAVES)));
      return root;
  }
}

interface Place {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

function placesOf(root: unknown): Place[] {
  const places: Place[] = [];
  const open = [root];
  for (let value = open.pop(); open.length > 0 || value !== undefined; value = open.pop()) {
    if (typeof value !== "object" || value === null) continue;
    const parent = value as Record<string, unknown>;
    for (const key of Object.keys(parent)) {
      places.push({ parent, key });
      open.push(parent[key]);
    }
  }
  return places;
}

/** A value near another one: one more, one less, a text a letter longer. */
function nudge(value: unknown, chance: Chance): unknown {
  if (typeof value === "number") return value + chance.pick([1, -1, 0.5, 100]);
  if (typeof value === "string")
    return chance.pick([`${value}x`, value.slice(1), value.repeat(2), value.toUpperCase()]);
  if (Array.isArray(value)) return [...(value as unknown[])].reverse();
  return [value];
}

/** Not an assignment: that of `__proto__` would set something else. */
function setChild(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Says one of a text's keys twice. */
function repeatKey(text: string, chance: Chance): string {
  const keys = [...text.matchAll(/"[^"\\]{0,30}":/g)];
  if (keys.length === 0) return text;
  const { index } = chance.pick(keys);
  return `${text.slice(0, index)}${chance.pick(keys)[0]}null,${text.slice(index)}`;
}
