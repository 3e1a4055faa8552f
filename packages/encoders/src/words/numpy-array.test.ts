import { describe, expect, it } from "vitest";

import { ModelFileError } from "../weights/model-file-error.ts";
import { formatNumpyArray } from "../__fixtures__/numpy-file.ts";
import { parseNumpyArray } from "./numpy-array.ts";

describe("parseNumpyArray", () => {
  it("reads float32 numbers without copying them", () => {
    const bytes = formatNumpyArray([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6.5));

    const { shape, values } = parseNumpyArray(bytes, "vec.npy");

    expect(shape).toEqual([2, 3]);
    expect([...values]).toEqual([1, 2, 3, 4, 5, 6.5]);
    expect(values.buffer).toBe(bytes.buffer);
  });

  it("rounds float64 numbers, reads later versions of the format, and bytes that lie anywhere", () => {
    const file = formatNumpyArray([2], Float64Array.of(0.1, -3), { version: 2 });
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);

    const { shape, values } = parseNumpyArray(shifted.subarray(1), "vec.npy");

    expect(shape).toEqual([2]);
    expect([...values]).toEqual([Math.fround(0.1), -3]);
  });

  it("copies float32 numbers that do not lie at a multiple of four", () => {
    const file = formatNumpyArray([2], Float32Array.of(7, 8));
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);

    expect([...parseNumpyArray(shifted.subarray(1), "vec.npy").values]).toEqual([7, 8]);
  });

  const numbers = Float32Array.of(1, 2);
  const sound = formatNumpyArray([2], numbers);

  it.each([
    ["another file", new TextEncoder().encode("the 0.1 0.2\n"), "vec.npy must be a .npy file of NumPy"],
    ["an empty file", new Uint8Array(0), "vec.npy must be a .npy file of NumPy"],
    ["a header that is cut off", sound.subarray(0, 40), "vec.npy must hold a whole header, but is cut off within it."],
    ["numbers that are cut off", sound.subarray(0, -3), "must hold 8 bytes of numbers, got 5. Download it again"],
    ["numbers left over", formatNumpyArray([1], numbers), "vec.npy must hold 4 bytes of numbers, got 8."],
    [
      "a header that would take hours to search",
      formatNumpyArray([2], numbers, { version: 2, shape: "'shape':(".repeat(6000) }),
      "vec.npy must have a header of at most 10000 bytes",
    ],
    [
      "sizes without bound",
      formatNumpyArray([2], numbers, { shape: `(${"9".repeat(400)},)` }),
      "bytes of numbers, got 8.",
    ],
    ["integers", formatNumpyArray([2], numbers, { type: "<i4" }), "vec.npy: descr must be <f4 or <f8"],
    ["columns in turn", formatNumpyArray([2], numbers, { order: "True" }), "vec.npy: fortran_order must be False"],
    ["no shape", formatNumpyArray([2], numbers, { shape: "2" }), "vec.npy: shape must be a tuple of sizes, got 2."],
  ])("refuses %s", (_, bytes, message) => {
    const parse = (): unknown => parseNumpyArray(bytes, "vec.npy");

    expect(parse).toThrow(ModelFileError);
    expect(parse).toThrow(message);
  });
});
