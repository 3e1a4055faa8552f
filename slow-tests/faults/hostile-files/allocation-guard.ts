/** Bytes that a reader may ask for with an input of this size: a bounded multiple, and a little for what all need. */
export const mostBytes = (inputBytes: number): number => 64 * inputBytes + 2 ** 20;

const ARRAYS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

type ArrayClass = Uint8ArrayConstructor;

let asked = 0;
let limit = Infinity;

/** Begins to count anew, for an input of this size. */
export function beginInput(inputBytes: number): void {
  asked = 0;
  limit = mostBytes(inputBytes);
}

/** Ends the counting. */
export function endInput(): void {
  limit = Infinity;
}

/**
 * Puts a counter before the constructors of typed arrays, so that one that is too long is refused before it is made.
 *
 * It must be called before the readers are loaded.
 */
export function guardAllocations(): void {
  const classes = globalThis as unknown as Record<string, ArrayClass>;
  for (const name of ARRAYS) {
    const original = classes[name] as ArrayClass;
    const guarded = new Proxy(original, {
      construct: (target, values: unknown[], made) => {
        count(sizeOf(values[0]) * target.BYTES_PER_ELEMENT);
        return Reflect.construct(target, values, made === guarded ? target : made) as object;
      },
    });
    classes[name] = guarded;
  }
  const original = globalThis.ArrayBuffer;
  globalThis.ArrayBuffer = new Proxy(original, {
    construct: (target, values: unknown[]) => {
      count(typeof values[0] === "number" ? values[0] : 0);
      return Reflect.construct(target, values) as object;
    },
  });
}

/** How many values a new array takes; none where it looks into memory that is there. */
function sizeOf(from: unknown): number {
  if (typeof from === "number") return from;
  if (Array.isArray(from) || ArrayBuffer.isView(from)) return (from as unknown as { length: number }).length;
  return 0;
}

function count(bytes: number): void {
  asked += bytes;
  if (asked <= limit) return;
  const [total, allowed] = [asked, limit];
  endInput();
  throw new TypeError(`An input may take ${allowed} bytes of arrays, but ${total} were asked for.`);
}
