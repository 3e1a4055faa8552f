import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";

import { ModelFileError } from "./model-file-error.ts";
import { listStoredFiles } from "./stored-zip.ts";

const content = Uint8Array.of(1, 2, 3);
const sound = zipSync({ "a/x": content, "a/y": new Uint8Array(0) }, { level: 0 });
const END = sound.length - 22;

/** The sound archive with some bytes written over. */
function changed(at: number, ...bytes: readonly number[]): Uint8Array {
  const copy = sound.slice();
  copy.set(bytes, at);
  return copy;
}

/** Where the directory begins, as the end says. */
const directory = new DataView(sound.buffer).getUint32(END + 16, true);

/** An archive whose 64-bit end has these numbers, in front of the end of the sound one. */
function wideArchive({ count, size, start }: { count: bigint; size: bigint; start: bigint }): Uint8Array {
  const bytes = new Uint8Array(sound.length + 76);
  bytes.set(sound.subarray(0, END));
  bytes.set(sound.subarray(END), END + 76);
  const view = new DataView(bytes.buffer);
  view.setUint32(END, 0x06064b50, true);
  view.setBigUint64(END + 32, count, true);
  view.setBigUint64(END + 40, size, true);
  view.setBigUint64(END + 48, start, true);
  view.setUint32(END + 56, 0x07064b50, true);
  view.setBigUint64(END + 64, BigInt(END), true);
  return bytes;
}

const directorySize = BigInt(END - directory);

describe("listStoredFiles", () => {
  it("finds every file without copying it", () => {
    const files = listStoredFiles(sound, "model.bin");

    expect([...files]).toEqual([
      ["a/x", content],
      ["a/y", new Uint8Array(0)],
    ]);
    expect(files.get("a/x")?.buffer).toBe(sound.buffer);
  });

  it("reads the directory of a 64-bit archive", () => {
    const wide = wideArchive({ count: 2n, size: directorySize, start: BigInt(directory) });

    expect([...listStoredFiles(wide, "model.bin").keys()]).toEqual(["a/x", "a/y"]);
  });

  it.each([
    ["no archive", new Uint8Array(10), "no end of its directory"],
    ["an archive cut off", sound.subarray(0, -1), "no end of its directory"],
    ["an entry too many", changed(END + 10, 3), "3 entries in 98 bytes"],
    [
      "four billion entries, to be passed through one by one",
      wideArchive({ count: 2n ** 32n - 1n, size: directorySize, start: BigInt(directory) }),
      "4294967295 entries in",
    ],
    ["a directory beyond the file", changed(END + 16, 255, 255, 255, 0), "a directory that ends at byte"],
    ["an entry that begins otherwise", changed(directory, 0), "a wrong entry"],
    ["an entry longer than the directory", changed(directory + 30, 255, 255), "an entry that is cut off"],
    ["a packed file", changed(directory + 10, 8), "must hold its files unpacked, but a/x is packed."],
    [
      "a file that would swell",
      changed(directory + 24, 0, 0, 0, 64),
      "must hold its files unpacked, but a/x is packed.",
    ],
    ["an encrypted file", changed(directory + 8, 1), "must not be encrypted, but a/x is."],
    ["a file beyond the archive", changed(directory + 42, 255, 255), "bytes"],
    ["a file that is none", changed(directory + 42, 1), "no file where a/x must begin"],
    ["a length beyond the archive", changed(directory + 20, 0, 1, 0, 0, 0, 1, 0, 0), "a part that ends at byte"],
    ["one name twice", changed(directory + 46 + 3 + 46 + 2, 0x78), "must hold every file once, got a/x twice."],
  ])("refuses %s", (_, bytes, message) => {
    const list = (): unknown => listStoredFiles(bytes, "model.bin");

    expect(list).toThrow(ModelFileError);
    expect(list).toThrow(message);
  });
});
