import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { NamedTensors } from "./module.ts";
import { parseSafetensorsHeader, SafetensorsError, safetensorsHeaderEnd } from "./safetensors-header.ts";
import { formatSafetensors, parseSafetensors, viewSafetensors } from "./safetensors.ts";

type Header = Record<string, unknown>;

/** A file with the given header, as JSON text or object, and values. */
function fileOf(header: Header | string, values: ArrayBufferLike | number = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const data = typeof values === "number" ? new Uint8Array(values) : new Uint8Array(values);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const entry = (dtype: string, shape: unknown, start: unknown, end: unknown): Header => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

function parseError(bytes: Uint8Array): SafetensorsError {
  try {
    parseSafetensors(bytes);
  } catch (error) {
    if (error instanceof SafetensorsError) return error;
    throw error;
  }
  throw new Error("parseSafetensors must throw.");
}

const describeAll = (tensors: NamedTensors): unknown[] =>
  [...tensors]
    .map(([name, tensor]) => ({ name, dtype: tensor.dtype, shape: tensor.shape, values: [...tensor.dataSync()] }))
    .toSorted((left, right) => (left.name < right.name ? -1 : 1));

const anyTensors = fc
  .uniqueArray(
    fc.record({
      name: fc.string({ unit: "grapheme" }).filter((name) => name !== "__metadata__"),
      dtype: fc.constantFrom("float32" as const, "int32" as const, "bool" as const),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
      seed: fc.integer(),
    }),
    { selector: ({ name }) => name, maxLength: 5 },
  )
  .map(
    (specifications) =>
      new Map(
        specifications.map(({ name, dtype, shape, seed }) => {
          const size = shape.reduce((product, length) => product * length, 1);
          const whole = Int32Array.from({ length: size }, (_, index) => Math.imul(seed + index, 0x9e3779b1));
          const values = {
            float32: () => Float32Array.from(whole, (value) => value / 7),
            int32: () => whole,
            bool: () => Uint8Array.from(whole, (value) => value & 1),
          }[dtype]();
          return [name, tf.tensor(values, shape, dtype)] as const;
        }),
      ),
  );

describe("formatSafetensors", () => {
  it("writes the layout of the format", async () => {
    const tensors = new Map<string, tf.Tensor>([
      ["flag", tf.tensor1d([true], "bool")],
      ["weight", tf.tensor2d([[1, 2]])],
    ]);

    const bytes = await formatSafetensors(tensors, { format: "tf" });

    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))).toEqual({
      __metadata__: { format: "tf" },
      weight: entry("F32", [1, 2], 0, 8),
      flag: entry("BOOL", [1], 8, 9),
    });
    expect([...bytes.subarray(8 + length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 1]);
    expect(parseSafetensorsHeader(bytes).metadata).toEqual(new Map([["format", "tf"]]));
  });

  it("writes what parseSafetensors reads, whatever it holds", async () => {
    await fc.assert(
      fc.asyncProperty(anyTensors, async (tensors) => {
        const read = parseSafetensors(await formatSafetensors(tensors));

        expect(describeAll(read)).toEqual(describeAll(tensors));
      }),
    );
  });

  it("refuses kinds and names that the format has not", async () => {
    const named = (name: string, tensor: tf.Tensor): Promise<Uint8Array> =>
      formatSafetensors(new Map([[name, tensor]]));

    await expect(named("words", tf.tensor1d(["a"]))).rejects.toThrow(
      new TypeError('tensor "words" must be float32, int32 or bool, got string.'),
    );
    await expect(named("__metadata__", tf.zeros([1]))).rejects.toThrow(RangeError);
  });
});

describe("parseSafetensors", () => {
  it("converts every number format", () => {
    const halves = [0x3c00, 0xc000, 0x0001, 0x7bff, 0xfc00, 0x8000]; // 1, -2, 2⁻²⁴, 65504, -∞, -0
    const brains = [0x3f80, 0xc000, 0x7f80]; // 1, -2, ∞
    const parts: [string, string, ArrayBufferLike][] = [
      ["F32", "F32", new Float32Array([1.5, -0.25]).buffer],
      ["I64", "I64", new BigInt64Array([-1n, 2147483647n]).buffer],
      ["I32", "I32", new Int32Array([-7, 2147483647]).buffer],
      ["F16", "F16", new Uint16Array(halves).buffer],
      ["BF16", "BF16", new Uint16Array(brains).buffer],
      ["U8", "U8", new Uint8Array([0, 255]).buffer],
      ["BOOL", "BOOL", new Uint8Array([0, 1]).buffer],
    ];
    const bytes: number[] = [];
    const header: Header = {};
    for (const [name, dtype, values] of parts) {
      const width = { F32: 4, I64: 8, I32: 4, F16: 2, BF16: 2, U8: 1, BOOL: 1 }[dtype] as number;
      header[name] = entry(dtype, [values.byteLength / width], bytes.length, bytes.length + values.byteLength);
      bytes.push(...new Uint8Array(values));
    }

    const tensors = parseSafetensors(fileOf(header, new Uint8Array(bytes).buffer));

    const read = Object.fromEntries([...tensors].map(([name, tensor]) => [name, [tensor.dtype, ...tensor.dataSync()]]));
    expect(read).toEqual({
      F32: ["float32", 1.5, -0.25],
      I64: ["int32", -1, 2147483647],
      I32: ["int32", -7, 2147483647],
      F16: ["float32", 1, -2, 2 ** -24, 65504, -Infinity, -0],
      BF16: ["float32", 1, -2, Infinity],
      U8: ["int32", 0, 255],
      BOOL: ["bool", 0, 1],
    });
  });

  it("reads values that are not aligned, in the order of their offsets", () => {
    const data = new Uint8Array([1, 0, 0, 0x80, 0x3f]);
    const header = { late: entry("F32", [], 1, 5), early: entry("BOOL", [1], 0, 1) };

    const tensors = parseSafetensors(fileOf(header, data.buffer));

    expect([...tensors.keys()]).toEqual(["early", "late"]);
    expect(tensors.get("late")?.dataSync()[0]).toBe(1);
  });

  it("reads a Buffer as it reads any bytes", () => {
    const bytes = Buffer.from(fileOf({ a: entry("I32", [2], 0, 8) }, new Int32Array([5, 6]).buffer));

    const tensor = parseSafetensors(bytes).get("a");
    bytes.fill(0);

    expect([...(tensor as tf.Tensor).dataSync()]).toEqual([5, 6]);
  });

  it("shares no memory with the bytes, whereas viewSafetensors does", () => {
    const bytes = fileOf({ a: entry("F32", [1], 0, 4) }, new Float32Array([3]).buffer);
    const [tensor, view] = [parseSafetensors(bytes).get("a"), viewSafetensors(bytes).get("a")];

    bytes.fill(0, bytes.length - 4);

    expect(tensor?.dataSync()[0]).toBe(3);
    expect(view).toEqual({ format: "F32", shape: [1], bytes: new Uint8Array(4) });
  });

  it.each<[string, Uint8Array, string | undefined, string]>([
    ["no length", new Uint8Array(7), undefined, "must begin with 8 bytes of length, got 7."],
    ["a header beyond the file", fileOf("{}").subarray(0, 9), undefined, "must end inside the file (9 bytes), got 10."],
    ["a header of 2⁶⁴ - 1 bytes", new Uint8Array(16).fill(255), undefined, "must have at most 100000000 bytes"],
    ["what is not JSON", fileOf("{a}"), undefined, "must be JSON in UTF-8: SyntaxError"],
    ["what is not UTF-8", fileOf("{}").with(8, 0xff), undefined, "must be JSON in UTF-8: TypeError"],
    ["a list", fileOf("[]"), undefined, "must be a JSON object."],
    ["metadata that is no text", fileOf({ __metadata__: { a: 1 } }), undefined, "must have texts as __metadata__."],
    ["a tensor that is no object", fileOf({ a: 1 }), "a", "must be described by an object."],
    ["an unknown dtype", fileOf({ a: entry("F8", [], 0, 1) }, 1), "a", 'got "F8".'],
    ["a dtype of Object", fileOf({ a: entry("toString", [], 0, 1) }, 1), "a", 'got "toString".'],
    [
      "a negative size",
      fileOf({ a: entry("U8", [-1, -1], 0, 1) }, 1),
      "a",
      "must have a shape of sizes ≥ 0, got [-1,-1].",
    ],
    ["a size of 2⁶⁰", fileOf({ a: entry("U8", [2 ** 60], 0, 1) }, 1), "a", "must have a shape of sizes"],
    [
      "sizes too large together",
      fileOf({ a: entry("U8", [2 ** 40, 2 ** 40], 0, 1) }, 1),
      "a",
      "must have as many bytes as U8",
    ],
    [
      "65 axes, of which 255 would end the process",
      fileOf({ a: entry("U8", Array(65).fill(1), 0, 1) }, 1),
      "a",
      "must have at most 64 axes, got 65.",
    ],
    ["one value too many for the shape", fileOf({ a: entry("F32", [2], 0, 12) }, 12), "a", "as F32 [2] takes (8)"],
    ["negative offsets", fileOf({ a: entry("U8", [1], -1, 0) }, 1), "a", "must have two data_offsets ≥ 0, got [-1,0]."],
    ["offsets of 2⁶³", fileOf({ a: entry("U8", [1], 2 ** 63, 2 ** 63 + 1) }, 1), "a", "must have two data_offsets ≥ 0"],
    ["a size of a half", fileOf({ a: entry("U8", [0.5], 0, 1) }, 1), "a", "must have a shape of sizes ≥ 0, got [0.5]."],
    [
      "the same bytes for two tensors",
      fileOf({ a: entry("U8", [1], 0, 1), b: entry("U8", [1], 0, 1) }, 1),
      "b",
      "must begin where the values before it end",
    ],
    [
      "lists within lists, which no message could show",
      fileOf(`{"a":{"dtype":"U8","shape":[1],"data_offsets":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`, 1),
      "a",
      "must have two data_offsets ≥ 0, got [object].",
    ],
    ["a dtype of a million letters", fileOf({ a: entry("x".repeat(1e6), [], 0, 1) }, 1), "a", 'got "xxx'],
    ["one offset", fileOf({ a: { dtype: "U8", shape: [], data_offsets: [0] } }, 1), "a", "must have two data_offsets"],
    ["offsets turned round", fileOf({ a: entry("U8", [1], 1, 0) }, 1), "a", "takes (1), got data_offsets 1–0."],
    ["too few bytes", fileOf({ a: entry("F32", [2], 0, 4) }, 4), "a", "as F32 [2] takes (8), got data_offsets 0–4."],
    ["offsets beyond the file", fileOf({ a: entry("U8", [4], 0, 4) }, 3), "a", "must end inside the file"],
    ["an overlap", fileOf({ a: entry("U8", [2], 0, 2), b: entry("U8", [2], 1, 3) }, 3), "b", "must begin where"],
    ["a gap", fileOf({ a: entry("U8", [1], 0, 1), b: entry("U8", [1], 2, 3) }, 3), "b", "must begin where"],
    ["bytes left over", fileOf({ a: entry("U8", [1], 0, 1) }, 2), undefined, "must account for the whole file"],
    [
      "an integer of 33 bits",
      fileOf({ a: entry("I64", [1], 0, 8) }, new BigInt64Array([2n ** 31n]).buffer),
      "a",
      "got 2147483648.",
    ],
    [
      "a boolean of 2",
      fileOf({ a: entry("BOOL", [1], 0, 1) }, new Uint8Array([2]).buffer),
      "a",
      "must hold booleans, got 2.",
    ],
  ])("refuses %s", (_, bytes, tensor, message) => {
    const error = parseError(bytes);

    expect(error.tensor).toBe(tensor);
    expect(error.message).toContain(message);
    expect(error.message.length).toBeLessThan(500);
  });

  it("refuses a header over 100 MB before it looks at it, in a file that has as many bytes", () => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, 100_000_001n, true);

    expect(() => safetensorsHeaderEnd(bytes, 2 ** 40)).toThrow(
      new SafetensorsError("must have at most 100000000 bytes, got 100000001."),
    );
  });

  it.each(['{"a":X,"a":X}', '{"a":X,"\\u0061" : X}'])(
    "refuses the same name twice, however it is written: %s",
    (template) => {
      const error = parseError(fileOf(template.replaceAll("X", JSON.stringify(entry("U8", [1], 0, 1))), 1));

      expect(error.message).toBe('safetensors header must hold every name once, got "a" twice.');
    },
  );

  it("refuses a field twice, but not the same field of two tensors", () => {
    const twice = '{"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}}';

    expect(parseError(fileOf(twice, 1)).message).toContain('got "dtype" twice.');
    expect(parseSafetensors(fileOf({ a: entry("U8", [1], 0, 1), b: entry("U8", [0], 1, 1) }, 1)).size).toBe(2);
  });

  it("answers changed bytes with tensors or its own error, and leaves no tensor behind", async () => {
    const original = await formatSafetensors(
      new Map<string, tf.Tensor>([
        ["weight", tf.tensor2d([[1, 2, 3]])],
        ["ids", tf.tensor1d([1, 2], "int32")],
        ["mask", tf.tensor1d([1], "bool")],
      ]),
    );
    const change = fc.record({ place: fc.nat(original.length - 1), value: fc.nat(255) });
    const before = tf.memory().numTensors;

    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(original.length), (changes, length) => {
        const bytes = original.slice();
        for (const { place, value } of changes) bytes[place] = value;
        for (const candidate of [bytes, bytes.subarray(0, length)]) {
          try {
            tf.dispose([...parseSafetensors(candidate).values()]);
          } catch (error) {
            if (!(error instanceof SafetensorsError)) throw error;
          }
        }
      }),
      { numRuns: 2000 },
    );

    expect(tf.memory().numTensors).toBe(before);
  });
});
