import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { formatNumpyArray } from "../__fixtures__/numpy-file.ts";
import { ModelFileError } from "../weights/model-file-error.ts";
import { loadDocredVectors, loadGloveVectors, type WordVectors } from "./word-vectors.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "relatum-words-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The row of each word. */
function table({ vocabulary, values, width }: WordVectors): Record<string, readonly number[]> {
  const rows = vocabulary.words.map((word, id) => [word, [...values.subarray(id * width, (id + 1) * width)]] as const);
  return Object.fromEntries(rows);
}

describe("loadGloveVectors", () => {
  it("reads every word, with zeros for padding and the mean for unknown words", async () => {
    const path = write("glove.txt", "the 1 2\nsea -3 0.5\n");

    const vectors = await loadGloveVectors(path);

    expect(table(vectors)).toEqual({ BLANK: [0, 0], UNK: [-1, 1.25], the: [1, 2], sea: [-3, 0.5] });
    expect(vectors.width).toBe(2);
  });

  it("reads the asked words alone, in lower case", async () => {
    const path = write("glove.txt", "the 1 2\nof 5 6\nsea 3 4\n");

    const vectors = await loadGloveVectors(path, { words: ["Sea", "sky", "THE"] });

    expect(table(vectors)).toEqual({ BLANK: [0, 0], UNK: [2, 3], the: [1, 2], sea: [3, 4] });
    expect(vectors.vocabulary.countUnknown(["Sea", "sky"]).unknownCount).toBe(1);
  });

  it("takes the first of equal words, and leaves out those that a look-up in lower case cannot find", async () => {
    const path = write("glove.txt", "sea 1\nSea 2\nsea 3\nUNK 4\n");

    expect(table(await loadGloveVectors(path))).toEqual({ BLANK: [0], UNK: [1], sea: [1] });
  });

  it("takes the file's own vector for unknown words", async () => {
    const path = write("glove.txt", "sea 1\n<unk> 7\n");

    expect(table(await loadGloveVectors(path, { words: ["sea"] }))).toEqual({ BLANK: [0], UNK: [7], sea: [1] });
  });

  it("reads words with spaces, line ends of any kind, spaces at line ends and a last line without an end", async () => {
    const path = write("glove.txt", "at 3 4 \r\n. . . 1 2\r\nat x.org 3 4 \nä\u2028b 5 6");

    const { vocabulary } = await loadGloveVectors(path);

    expect(vocabulary.words).toEqual(["BLANK", "UNK", "at", ". . .", "at x.org", "ä\u2028b"]);
  });

  it("reads the first line of word2vec and fastText, which says how many words there are", async () => {
    const path = write("vectors.txt", "2 3\nthe 1 2 3\nsea 4 5 6\n");

    expect(table(await loadGloveVectors(path))).toMatchObject({ the: [1, 2, 3], sea: [4, 5, 6] });
  });

  it("reads a file that is longer than a piece of it, whatever is cut in two", async () => {
    const rowCount = 90_000;
    const lines = Array.from({ length: rowCount }, (_, row) => `wörter${row} ${row} ${-row}.25 ${"0".repeat(40)}1\n`);
    const path = write("long.txt", lines.join(""));

    const { vocabulary, values } = await loadGloveVectors(path);

    expect(vocabulary.vocabularySize).toBe(rowCount + 2);
    const wrong = Array.from({ length: rowCount }, (_, row) => row).filter((row) => {
      const start = 3 * (vocabulary.tokenizeWord(`Wörter${row}`)[0] as number);
      return values[start] !== row || values[start + 1] !== Number(`${-row}.25`) || values[start + 2] !== 1;
    });
    expect(wrong).toEqual([]);
    // The first lines are shorter than the rest, hence some room to spare.
    expect(values.buffer.byteLength).toBeLessThan(1.2 * values.byteLength);
  });

  it("gives unknown words zeros if no word is kept", async () => {
    const path = write("glove.txt", "the 1 2\n");

    expect(table(await loadGloveVectors(path, { words: [] }))).toEqual({ BLANK: [0, 0], UNK: [0, 0] });
  });

  it.each([
    ["a row that is too short", "the 1 2\nsea 3\n", " line 2 must hold a word and 2 numbers, got 1 numbers."],
    ["a row that is too long", "the 1 2\nsea 3 4 5\n", " line 2 must hold a word and 2 numbers, got 3 numbers."],
    ["a word for a number", "the 1 2\nsea 3 x4\n", ' line 2 must hold 2 numbers after the word, got "x4".'],
    ["a number that is none", "the 1 2\nsea 3 NaN\n", ' line 2 must hold 2 numbers after the word, got "NaN".'],
    ["an empty line", "the 1 2\n\nsea 1 2\n", " line 2 must hold a word and 2 numbers, got 0 numbers."],
    ["a word alone", "the\n", " line 1 must hold a word and its numbers, with spaces between."],
    ["an empty file", "", " must hold words with their vectors, got none."],
    ["fewer words than promised", "2 1\nthe 1\n", " must hold 2 words, as its first line says, got 1."],
    ["an archive", "PK\u0003\u0004…", " must be a text file, got a zip archive. Unpack it first."],
  ])("refuses %s and names the place", async (_, text, message) => {
    const path = write("broken.txt", text);

    await expect(loadGloveVectors(path)).rejects.toThrow(ModelFileError);
    await expect(loadGloveVectors(path)).rejects.toThrow(path + message);
  });

  it("notices a file that was cut off, even in a line that it passes over", async () => {
    const path = write("broken.txt", "the 1 2\nof 1 2\nsea 3");

    await expect(loadGloveVectors(path, { words: ["the"] })).rejects.toThrow("line 3 must hold a word and 2 numbers");
  });

  it("makes no room for a width that only the first line tells of", async () => {
    for (const text of ["0 4000000000\n", "1 4000000000\nsea 1 2\n"]) {
      const path = write("glove.txt", text);

      await expect(loadGloveVectors(path)).rejects.toThrow(ModelFileError);
      await expect(loadGloveVectors(path, { words: ["sky"] })).rejects.toThrow(ModelFileError);
    }
  });

  it("makes room for no more rows than the rest of the file could hold", async () => {
    const path = write("glove.txt", `sea${" 1".repeat(200_000)}\n`);

    const { values, width } = await loadGloveVectors(path);

    expect(width).toBe(200_000);
    // Padding, unknown words, "sea", and at the most two rows of room: not the usual thousand.
    expect(values.buffer.byteLength).toBeLessThanOrEqual(4 * 5 * 200_000);
  });

  it("refuses lines that are too long for a vector before it has put them together", async () => {
    const path = write("glove.txt", `the 1\nsea ${"1".repeat(5_000_000)}`);

    await expect(loadGloveVectors(path)).rejects.toThrow(`${path} line 2 must have at most 1048576 characters`);
  });

  it("says that a file is missing", async () => {
    await expect(loadGloveVectors(join(folder, "none.txt"))).rejects.toThrow("none.txt must be a file");
  });
});

describe("loadDocredVectors", () => {
  const words = '{"BLANK": 0, "sea": 2, "UNK": 1}';

  it("reads the word list and the table that belongs to it", async () => {
    const list = write("word2id.json", words);
    const vectors = write("vec.npy", formatNumpyArray([3, 2], Float32Array.of(0, 0, 1, 2, 3, 4)));

    expect(table(await loadDocredVectors(list, vectors))).toEqual({ BLANK: [0, 0], UNK: [1, 2], sea: [3, 4] });
  });

  it.each([
    ["[2, 3]", [2, 3]],
    ["[6]", [6]],
  ])("refuses a table of another size, %s", async (shown, shape) => {
    const list = write("word2id.json", words);
    const vectors = write("vec.npy", formatNumpyArray(shape, new Float32Array(6)));

    const loading = loadDocredVectors(list, vectors);

    await expect(loading).rejects.toThrow(
      `${vectors} must have shape [words=3, width], as ${list} has words, got ${shown}.`,
    );
  });
});
