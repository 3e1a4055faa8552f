import { ModelFileError } from "./model-file-error.ts";

const NEW_LINE = 0x0a;

/** The bytes of a pickle, read from the first to the last; every length is checked against what is left. */
export class PickleBytes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: string;
  #position = 0;

  /** @param path Opens the error messages. */
  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = path;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.#bytes.length - this.#position;
  }

  /** An error that says where it was reading. */
  error(problem: string): ModelFileError {
    return new ModelFileError(this.#path, `must hold a sound pickle, but byte ${this.#position} ${problem}.`);
  }

  /** The next bytes; they share memory with the file. */
  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.left))
      throw this.error(`asks for ${length} bytes, of which ${this.left} are left`);
    this.#position += length;
    return this.#bytes.subarray(this.#position - length, this.#position);
  }

  byte(): number {
    return this.#view.getUint8(this.#skip(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#skip(2), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#skip(4), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#skip(4), true);
  }

  /** Beyond 2⁵³ not exact. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true));
  }

  /** Highest byte first, as pickles have it. */
  float64(): number {
    return this.#view.getFloat64(this.#skip(8), false);
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  /** The text up to the end of the line. */
  line(): string {
    const end = this.#bytes.indexOf(NEW_LINE, this.#position);
    if (end < 0) throw this.error("begins a line without an end");
    const text = this.text(end - this.#position);
    this.#position = end + 1;
    return text;
  }

  #skip(length: number): number {
    this.take(length);
    return this.#position - length;
  }
}
