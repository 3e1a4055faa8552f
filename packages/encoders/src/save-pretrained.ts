import type { BertEncoder } from "./bert.ts";
import type { SubwordTokenizer } from "./subword.ts";

/** Writes. */
export async function savePretrained(
  directory: string,
  encoder: BertEncoder,
  tokenizer: SubwordTokenizer,
): Promise<void> {
  await Promise.resolve();
  throw new Error(`${directory} ${encoder.heads} ${tokenizer.padId}`);
}
