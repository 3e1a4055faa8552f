import type { Encoder } from "./encoder.ts";
import type { Tokenizer } from "./tokens/tokenizer.ts";

/** An encoder with the tokenizer it was trained with: what every paper's model is built on. */
export interface Backbone {
  readonly encoder: Encoder;
  readonly tokenizer: Tokenizer;
  /** Writes encoder and tokenizer into a directory that can be loaded again; the directory is created. */
  save(directory: string): Promise<void>;
}
