import { ModelFileError } from "../weights/model-file-error.ts";
import { ModelDirectory } from "../weights/pretrained-files.ts";
import type { ByteSource } from "../weights/stored-tensor.ts";
import { GloveText } from "./glove-text.ts";
import { parseNumpyArray } from "./numpy-array.ts";
import { parseWordVocabulary, WordVocabulary } from "./word-vocabulary.ts";

/** Words with a vector each. */
export interface WordVectors {
  readonly vocabulary: WordVocabulary;
  /** The vectors in the order of the vocabulary's ids `[words, width]`. */
  readonly values: Float32Array;
  readonly width: number;
}

/** Which words {@link loadGloveVectors} reads. */
export interface GloveOptions {
  /** Words to read the vectors of, in lower case or not; every word in lower case that the file has without it. */
  readonly words?: Iterable<string>;
}

/** Bytes read at once. */
const CHUNK_BYTES = 2 ** 22;

/** Most characters of a line: longer ones are no vectors, and would be put together anew with each chunk. */
const MAX_LINE = 2 ** 20;

/**
 * Reads vectors of words from a text file of GloVe, word2vec or fastText: a word and its numbers on each line.
 *
 * The file is read piece by piece; no more than the vectors that are kept is in memory. Id 0 is padding, with a vector
 * of zeros. Unknown words have the vector of `<unk>` if the file has one, else the mean of all that are kept.
 *
 * @throws {ModelFileError} If the file is missing or a line is not a word and as many numbers as on the first one; it
 *   names file and line. Of lines whose word is not asked for, the numbers are not checked.
 */
export async function loadGloveVectors(path: string, options: GloveOptions = {}): Promise<WordVectors> {
  const wanted = options.words && new Set(Array.from(options.words, (word) => word.toLowerCase()));
  return withFile(path, async (source) => {
    const text = new GloveText(path, source.size, wanted);
    await readLines(source, (line, share) => text.add(line, share));
    const { words, values, width } = text.finish();
    return { vocabulary: new WordVocabulary(words), values, width };
  });
}

/**
 * Reads DocRED's word vectors, as its first release has them.
 *
 * @param vocabularyPath Its `word2id.json`.
 * @param vectorsPath Its `vec.npy`.
 * @throws {ModelFileError} If a file is missing or damaged, or the two do not belong together.
 */
export async function loadDocredVectors(vocabularyPath: string, vectorsPath: string): Promise<WordVectors> {
  const vocabulary = await withFile(vocabularyPath, async (source) =>
    parseWordVocabulary(new TextDecoder().decode(await source.read(0, source.size)), vocabularyPath),
  );
  const { shape, values } = await withFile(vectorsPath, async (source) =>
    parseNumpyArray(await source.read(0, source.size), vectorsPath),
  );
  const [rows, width] = shape;
  if (shape.length !== 2 || rows !== vocabulary.vocabularySize || width === undefined || width < 1) {
    const expected = `must have shape [words=${vocabulary.vocabularySize}, width], as ${vocabularyPath} has words`;
    throw new ModelFileError(vectorsPath, `${expected}, got [${shape.join(", ")}].`);
  }
  return { vocabulary, values, width };
}

async function withFile<T>(path: string, read: (source: ByteSource) => Promise<T>): Promise<T> {
  const files = new ModelDirectory("");
  try {
    const source = await files.source(path);
    if (source === undefined) throw new ModelFileError(path, "must be a file, but is not there.");
    return await read(source);
  } finally {
    await files.close();
  }
}

/**
 * Hands on one line after the other, without its end.
 *
 * @param handle Is told too how much of the file ends with this line, 0–1, more or less.
 */
async function readLines(source: ByteSource, handle: (line: string, share: number) => void): Promise<void> {
  const decoder = new TextDecoder();
  let read = 0;
  let lineCount = 0;
  let rest = ""; // the beginning of a line whose end comes with the next chunk
  for (let start = 0; start < source.size; start += CHUNK_BYTES) {
    const end = Math.min(start + CHUNK_BYTES, source.size);
    const text = rest + decoder.decode(await source.read(start, end), { stream: end < source.size });
    if (start === 0 && text.startsWith("PK\u0003\u0004")) {
      throw new ModelFileError(source.path, "must be a text file, got a zip archive. Unpack it first.");
    }
    const lines = text.split("\n");
    rest = lines.pop() ?? "";
    lineCount += lines.length;
    if (rest.length > MAX_LINE) {
      const place = `${source.path} line ${lineCount + 1}`;
      throw new ModelFileError(place, `must have at most ${MAX_LINE} characters, as a word and its numbers do.`);
    }
    for (const line of lines) {
      read += line.length + 1;
      handle(line.endsWith("\r") ? line.slice(0, -1) : line, read / source.size);
    }
  }
  if (rest !== "") handle(rest, 1);
}
