import type { HostileReader } from "../../../tools/hostile-readers.ts";

/** Defects that a harness must see, each set off by some inputs only. */
export const PLANTED_DEFECTS = {
  "a TypeError on one value of a byte": (bytes) => {
    if (bytes.includes(0x7f)) throw new TypeError("Cannot read properties of undefined");
  },
  "an error of ours without a place": (bytes, { errors: [Known] }) => {
    if (bytes.length % 3 === 1 && Known !== undefined)
      throw Object.create(Known.prototype as object, NO_PLACE) as Error;
  },
  "memory by a size that the file declares": (bytes) => {
    if (bytes.length % 5 === 2) new Float32Array(2 ** 28).fill(1, 0, 1);
  },
  "a loop that does not end": (bytes) => {
    while (bytes.length % 5 === 2);
  },
  "memory without bound": (bytes) => {
    const kept: number[][] = [];
    while (bytes.length % 5 === 2) kept.push(Array.from({ length: 1000 }, (_, index) => index + 0.5));
  },
  "a crash of the process": (bytes) => {
    if (bytes.length % 5 === 2) process.abort();
  },
} satisfies Record<string, (bytes: Uint8Array, reader: HostileReader) => void>;

const NO_PLACE = { message: { value: "Something is wrong." } };

/** One of {@link PLANTED_DEFECTS}. */
export type PlantedDefect = keyof typeof PLANTED_DEFECTS;

/** The same reader with a defect. */
export function plantDefect(reader: HostileReader, defect: PlantedDefect): HostileReader {
  const misbehave: (bytes: Uint8Array, reader: HostileReader) => void = PLANTED_DEFECTS[defect];
  return {
    ...reader,
    read: (bytes) => {
      misbehave(bytes, reader);
      return reader.read(bytes);
    },
  };
}
