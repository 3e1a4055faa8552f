import type { PickleBytes } from "./pickle-bytes.ts";

/** Something that a pickle may call; of ours, never the file's. */
export class PickleCallable {
  readonly call: (values: readonly unknown[]) => unknown;

  constructor(call: (values: readonly unknown[]) => unknown) {
    this.call = call;
  }
}

/** What a pickle may use besides plain values. */
export interface PickleNames {
  /** What stands for a name of a module; throws for what may not be used. */
  resolveName(module: string, name: string): unknown;
  /** What stands for something that the file keeps elsewhere. */
  resolveId(id: unknown): unknown;
}

/** Longest whole number, in bytes: reading one takes the square of its length. */
const MAX_INTEGER_BYTES = 64;

/** Most marks within marks. */
const MAX_DEPTH = 1000;

const STOP = 0x2e;

/**
 * Reads the next pickle, up to its end.
 *
 * Tuples, lists and sets become arrays, dictionaries become maps. What it builds takes no more memory than a small multiple of
 * its bytes. The state of objects, which `BUILD` sets, is passed over.
 *
 * @throws {ModelFileError} If it is damaged, or uses a name that is not resolved.
 */
export function readPickle(bytes: PickleBytes, names: PickleNames): unknown {
  return new Unpickler(bytes, names).read();
}

/** The stack machine that a pickle is a program of. */
class Unpickler {
  readonly #bytes: PickleBytes;
  readonly #names: PickleNames;
  readonly #below: unknown[][] = [];
  readonly #memo = new Map<number, unknown>();
  #stack: unknown[] = [];

  constructor(bytes: PickleBytes, names: PickleNames) {
    this.#bytes = bytes;
    this.#names = names;
  }

  read(): unknown {
    for (;;) {
      const code = this.#bytes.byte();
      if (code === STOP) return this.#pop();
      const known =
        this.#readPlain(code) || this.#readCollection(code) || this.#readMemo(code) || this.#readObject(code);
      if (!known) throw this.#bytes.error(`follows the unknown opcode ${code}`);
    }
  }

  /** Numbers, texts and bytes. */
  #readPlain(code: number): boolean {
    const bytes = this.#bytes;
    switch (code) {
      case 0x80: // PROTO
        if (bytes.byte() > 5) throw bytes.error("follows a version above 5");
        return true;
      case 0x95: // FRAME
        bytes.uint64();
        return true;
      case 0x4e: // NONE
        return this.#push(null);
      case 0x88: // NEWTRUE
        return this.#push(true);
      case 0x89: // NEWFALSE
        return this.#push(false);
      case 0x49: // INT
        return this.#push(parseInteger(bytes.line()));
      case 0x4c: // LONG
        return this.#push(Number.parseInt(bytes.line(), 10));
      case 0x46: // FLOAT
        return this.#push(Number.parseFloat(bytes.line()));
      case 0x4a: // BININT
        return this.#push(bytes.int32());
      case 0x4b: // BININT1
        return this.#push(bytes.byte());
      case 0x4d: // BININT2
        return this.#push(bytes.uint16());
      case 0x8a: // LONG1
        return this.#push(this.#integer(bytes.byte()));
      case 0x8b: // LONG4
        return this.#push(this.#integer(bytes.int32()));
      case 0x47: // BINFLOAT
        return this.#push(bytes.float64());
      case 0x53: // STRING
        return this.#push(this.#quoted(bytes.line()));
      case 0x56: // UNICODE
        return this.#push(bytes.line());
      case 0x54: // BINSTRING
      case 0x58: // BINUNICODE
        return this.#push(bytes.text(bytes.uint32()));
      case 0x55: // SHORT_BINSTRING
      case 0x8c: // SHORT_BINUNICODE
        return this.#push(bytes.text(bytes.byte()));
      case 0x8d: // BINUNICODE8
        return this.#push(bytes.text(bytes.uint64()));
      case 0x42: // BINBYTES
        return this.#push(bytes.take(bytes.uint32()));
      case 0x43: // SHORT_BINBYTES
        return this.#push(bytes.take(bytes.byte()));
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return this.#push(bytes.take(bytes.uint64()));
      default:
        return false;
    }
  }

  /** Tuples, lists, sets, dictionaries, and the marks where they begin. */
  #readCollection(code: number): boolean {
    switch (code) {
      case 0x28: // MARK
        if (this.#below.length >= MAX_DEPTH) throw this.#bytes.error(`is ${MAX_DEPTH} marks deep`);
        this.#below.push(this.#stack);
        this.#stack = [];
        return true;
      case 0x31: // POP_MARK
        this.#popMark();
        return true;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        return this.#push([]);
      case 0x74: // TUPLE
      case 0x6c: // LIST
      case 0x91: // FROZENSET
        return this.#push(this.#popMark());
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return this.#push(this.#popMany(code - 0x84));
      case 0x61: // APPEND
        return this.#append(this.#popMany(1));
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        return this.#append(this.#popMark());
      case 0x7d: // EMPTY_DICT
        return this.#push(new Map());
      case 0x64: {
        const items = this.#popMark(); // DICT
        this.#push(new Map());
        return this.#setItems(items);
      }
      case 0x73: // SETITEM
        return this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return this.#setItems(this.#popMark());
      default:
        return false;
    }
  }

  /** What is taken away, doubled, remembered and recalled. */
  #readMemo(code: number): boolean {
    const bytes = this.#bytes;
    switch (code) {
      case 0x30: // POP
        this.#pop();
        return true;
      case 0x32: // DUP
        return this.#push(this.#top());
      case 0x70: // PUT
        return this.#remember(Number.parseInt(bytes.line(), 10));
      case 0x71: // BINPUT
        return this.#remember(bytes.byte());
      case 0x72: // LONG_BINPUT
        return this.#remember(bytes.uint32());
      case 0x94: // MEMOIZE
        return this.#remember(this.#memo.size);
      case 0x67: // GET
        return this.#recall(Number.parseInt(bytes.line(), 10));
      case 0x68: // BINGET
        return this.#recall(bytes.byte());
      case 0x6a: // LONG_BINGET
        return this.#recall(bytes.uint32());
      default:
        return false;
    }
  }

  /** Names, and what is made by calling what they stand for. */
  #readObject(code: number): boolean {
    switch (code) {
      case 0x63: // GLOBAL
        return this.#push(this.#names.resolveName(this.#bytes.line(), this.#bytes.line()));
      case 0x93: {
        const [module, name] = this.#popMany(2); // STACK_GLOBAL
        return this.#push(this.#resolve(module, name));
      }
      case 0x69: {
        const callable = this.#names.resolveName(this.#bytes.line(), this.#bytes.line()); // INST
        return this.#call(callable, this.#popMark());
      }
      case 0x6f: {
        const [callable, ...values] = this.#popMark(); // OBJ
        return this.#call(callable, values);
      }
      case 0x52: // REDUCE
      case 0x81: {
        const [callable, values] = this.#popMany(2); // NEWOBJ
        return this.#call(callable, values);
      }
      case 0x92: {
        const [callable, values] = this.#popMany(3); // NEWOBJ_EX
        return this.#call(callable, values);
      }
      case 0x62: // BUILD
        this.#pop();
        this.#top();
        return true;
      case 0x50: // PERSID
        return this.#push(this.#names.resolveId(this.#bytes.line()));
      case 0x51: // BINPERSID
        return this.#push(this.#names.resolveId(this.#pop()));
      default:
        return false;
    }
  }

  #push(value: unknown): true {
    this.#stack.push(value);
    return true;
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw this.#bytes.error("takes from an empty stack");
    return this.#stack.pop();
  }

  #popMany(count: number): unknown[] {
    if (this.#stack.length < count) throw this.#bytes.error("takes from an empty stack");
    return this.#stack.splice(-count);
  }

  /** Everything since the last mark. */
  #popMark(): unknown[] {
    const below = this.#below.pop();
    if (below === undefined) throw this.#bytes.error("ends what no mark begins");
    const items = this.#stack;
    this.#stack = below;
    return items;
  }

  #top(): unknown {
    if (this.#stack.length === 0) throw this.#bytes.error("takes from an empty stack");
    return this.#stack.at(-1);
  }

  #append(items: readonly unknown[]): true {
    const list = this.#top();
    if (!Array.isArray(list)) throw this.#bytes.error("adds to what is no list");
    for (const item of items) list.push(item);
    return true;
  }

  #setItems(items: readonly unknown[]): true {
    const dictionary = this.#top();
    if (!(dictionary instanceof Map)) throw this.#bytes.error("sets items of what is no dictionary");
    if (items.length % 2 !== 0) throw this.#bytes.error("gives a key without a value");
    for (let index = 0; index < items.length; index += 2) dictionary.set(items[index], items[index + 1]);
    return true;
  }

  #remember(place: number): true {
    this.#memo.set(place, this.#top());
    return true;
  }

  #recall(place: number): true {
    if (!this.#memo.has(place)) throw this.#bytes.error(`recalls ${place}, which was not remembered`);
    return this.#push(this.#memo.get(place));
  }

  #resolve(module: unknown, name: unknown): unknown {
    if (typeof module !== "string" || typeof name !== "string") throw this.#bytes.error("names what is no text");
    return this.#names.resolveName(module, name);
  }

  #call(callable: unknown, values: unknown): true {
    if (!(callable instanceof PickleCallable)) throw this.#bytes.error("calls what cannot be called");
    if (!Array.isArray(values)) throw this.#bytes.error("calls with what is no tuple");
    return this.#push(callable.call(values));
  }

  #integer(length: number): number {
    if (length > MAX_INTEGER_BYTES) throw this.#bytes.error(`holds a whole number of ${length} bytes`);
    const bytes = this.#bytes.take(length);
    const unsigned = bytes.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
    return Number(BigInt.asIntN(8 * length, unsigned));
  }

  #quoted(text: string): string {
    const quote = text[0];
    if (text.length >= 2 && (quote === '"' || quote === "'") && text.endsWith(quote)) return text.slice(1, -1);
    throw this.#bytes.error("ends a text without quotes");
  }
}

function parseInteger(text: string): number | boolean {
  if (text === "01") return true;
  return text === "00" ? false : Number.parseInt(text, 10);
}
