/** A tensor in a file, not read yet. */
export interface StoredTensor {
  /** Opens error messages: the file and the tensor's name. */
  readonly path: string;
  readonly shape: readonly number[];
  /** Reads the values, in row-major order. */
  read(): Promise<Float32Array>;
}

/** A file, or a part of one, that is read piece by piece. */
export interface ByteSource {
  /** Opens error messages. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Reads the bytes from `start` up to `end`, exclusive; both lie within the file. */
  read(start: number, end: number): Promise<Uint8Array>;
}
