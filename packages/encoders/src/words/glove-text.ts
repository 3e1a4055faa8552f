import { ModelFileError } from "../weights/model-file-error.ts";
import { PADDING_WORD, UNKNOWN_WORD } from "./word-vocabulary.ts";

/** What {@link GloveText} has read. */
export interface GloveRows {
  /** `BLANK`, `UNK` and the words of the file. */
  readonly words: readonly string[];
  /** A row for each word, `[words, width]`. */
  readonly values: Float32Array;
  readonly width: number;
}

/** The row that some files give for all unknown words. */
const UNKNOWN_ROW = "<unk>";

/** Rows to make room for before it is known how long the file's lines are. */
const FIRST_ROWS = 1024;

/** Collects word vectors from the lines of a text: a word and its numbers, with spaces between. */
export class GloveText {
  readonly #path: string;
  readonly #fileBytes: number;
  readonly #wanted: ReadonlySet<string> | undefined;
  readonly #ids: Map<string, number> = new Map([
    [PADDING_WORD, 0],
    [UNKNOWN_WORD, 1],
  ]);
  #values = new Float32Array(0);
  /** Sums of the rows by column; their mean stands for unknown words. */
  #sums = new Float64Array(0);
  #unknownRow: Float32Array | undefined;
  #width = 0;
  #lineCount = 0;
  /** Lines that have been taken apart. */
  #rowCount = 0;
  #promisedRows: number | undefined;
  /** The line read last, if it was passed over. */
  #skipped: string | undefined;

  /**
   * @param fileBytes Size of the file, which bounds the room that is made for its rows.
   * @param wanted The words to keep, in lower case; all without it.
   */
  constructor(path: string, fileBytes: number, wanted?: ReadonlySet<string>) {
    this.#path = path;
    this.#fileBytes = fileBytes;
    this.#wanted = wanted;
  }

  /**
   * Reads one line.
   *
   * @param share How much of the file has been read with this line, 0–1; tells how much room the rest will take.
   * @throws {ModelFileError} If it is not a word and as many numbers as on the lines before; it names the line.
   */
  add(line: string, share: number): void {
    this.#lineCount += 1;
    if (this.#lineCount === 1 && this.#readHead(line)) return;
    const firstSpace = line.indexOf(" ");
    const isWanted = this.#wanted?.has(line.slice(0, firstSpace)) ?? true;
    // A line that is not wanted is not taken apart, which takes ten times as long; but the first one says the width, or
    // that the width which stands above it is true.
    const skips = !isWanted && this.#rowCount > 0 && firstSpace > 0 && !line.startsWith(UNKNOWN_ROW);
    this.#skipped = skips ? line : undefined;
    if (skips) return;

    const fields = fieldsOf(line);
    if (this.#width === 0) this.#setWidth(fields.length - 1);
    const word = this.#wordOf(fields);
    const row = this.#numbers(fields);
    this.#rowCount += 1;
    if (word === UNKNOWN_ROW) this.#unknownRow = row;
    else if (this.#keeps(word)) this.#append(word, row, share);
  }

  /**
   * Gives what has been read.
   *
   * @throws {ModelFileError} If that is nothing, or fewer lines than the first one has promised.
   */
  finish(): GloveRows {
    if (this.#rowCount === 0) throw new ModelFileError(this.#path, "must hold words with their vectors, got none.");
    if (this.#skipped !== undefined) this.#wordOf(fieldsOf(this.#skipped)); // in case the file was cut off
    const rows = this.#lineCount - 1;
    if (this.#promisedRows !== undefined && rows !== this.#promisedRows) {
      const promise = `must hold ${this.#promisedRows} words, as its first line says`;
      throw new ModelFileError(this.#path, `${promise}, got ${rows}. Download it again if it was cut off.`);
    }
    const read = this.#ids.size - 2;
    const sums = this.#sums.length === 0 ? new Float64Array(this.#width) : this.#sums;
    const unknown = this.#unknownRow ?? sums.map((sum) => sum / Math.max(1, read));
    if (this.#values.length === 0) this.#values = new Float32Array(2 * this.#width);
    this.#values.set(unknown, this.#width);
    const values = this.#values.subarray(0, this.#ids.size * this.#width);
    return { words: [...this.#ids.keys()], values, width: this.#width };
  }

  /** The first line of word2vec's and fastText's files: how many words, and how wide. */
  #readHead(line: string): boolean {
    const [, rows, width] = /^(\d+) (\d+)\s*$/.exec(line) ?? [];
    if (rows === undefined) return false;
    this.#promisedRows = Number(rows);
    this.#setWidth(Number(width));
    return true;
  }

  #setWidth(width: number): void {
    if (width < 1) throw this.#error("must hold a word and its numbers, with spaces between.");
    this.#width = width;
  }

  /** All but the numbers: a few words of the largest files have spaces. */
  #wordOf(fields: readonly string[]): string {
    const parts = fields.slice(0, -this.#width);
    if (parts.length === 0 || parts.slice(1).some((part) => part !== "" && Number.isFinite(Number(part)))) {
      const advice = "Download it again if it was cut off.";
      throw this.#error(`must hold a word and ${this.#width} numbers, got ${fields.length - 1} numbers. ${advice}`);
    }
    return parts.join(" ");
  }

  #numbers(fields: readonly string[]): Float32Array {
    const row = new Float32Array(this.#width);
    const first = fields.length - this.#width;
    for (let column = 0; column < this.#width; column += 1) {
      const field = fields[first + column] as string;
      const value = field === "" ? NaN : Number(field);
      if (!Number.isFinite(value)) {
        throw this.#error(`must hold ${this.#width} numbers after the word, got "${field.slice(0, 20)}".`);
      }
      row[column] = value;
    }
    return row;
  }

  /** Look-ups are in lower case; of equal words the first one counts. */
  #keeps(word: string): boolean {
    return (this.#wanted?.has(word) ?? word === word.toLowerCase()) && !this.#ids.has(word);
  }

  #append(word: string, row: Float32Array, share: number): void {
    const id = this.#ids.size;
    if (this.#sums.length === 0) this.#sums = new Float64Array(this.#width);
    if ((id + 1) * this.#width > this.#values.length) this.#grow(id, share);
    this.#ids.set(copyText(word), id);
    this.#values.set(row, id * this.#width);
    for (let column = 0; column < row.length; column += 1) {
      this.#sums[column] = (this.#sums[column] as number) + (row[column] as number);
    }
  }

  /** Makes room for all wanted words at once; else for a few, and then for as many as the rest of the file promises. */
  #grow(rows: number, share: number): void {
    const expected = rows < FIRST_ROWS ? FIRST_ROWS : Math.max(rows * 1.1, (rows / share) * 1.02);
    const capacity = this.#wanted === undefined ? Math.ceil(expected) : this.#wanted.size + 2;
    // A number takes two characters at the least, so that there are no more rows than that.
    const most = Math.ceil(this.#fileBytes / (2 * this.#width)) + 2;
    const values = new Float32Array(Math.min(capacity, most) * this.#width);
    values.set(this.#values);
    this.#values = values;
  }

  #error(problem: string): ModelFileError {
    return new ModelFileError(`${this.#path} line ${this.#lineCount}`, problem);
  }
}

/** The same text on its own: a part of a longer one would keep the whole of it in memory. */
function copyText(text: string): string {
  return Buffer.from(text).toString();
}

function fieldsOf(line: string): string[] {
  return line.trimEnd().split(" ");
}
