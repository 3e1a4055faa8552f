import type { Encoder } from "@relatum/encoders";

/** Bytes that the tensors of one batch may take, unless the caller says otherwise. */
export const DEFAULT_MEMORY_BUDGET: number = 2 ** 30;

const BYTES = 4;

/** More sequences in one batch win no time. */
const MOST_SEQUENCES = 32;

/** Copies of a tensor that an operation and the ones around it hold at a time, at the most. */
const COPIES = 3;

/** What decides how much memory one sequence takes. */
export interface SequenceSize {
  readonly tokens: number;
  /** Numbers that the model holds for it besides the encoder's. */
  readonly numbers: number;
}

/**
 * Groups sequences of like length into batches that keep within a memory budget.
 *
 * @param budget Bytes; a sequence that needs more fills a batch alone.
 * @returns The numbers of the sequences of each batch.
 */
export function planBatches(
  sizes: readonly SequenceSize[],
  encoder: Pick<Encoder, "heads" | "hiddenSize" | "maxTokens">,
  budget: number,
): number[][] {
  const tokens = (number: number): number => sizes[number]?.tokens as number;
  const planned: number[][] = [];
  let batch: number[] = [];
  let numbers = 0;
  for (const number of [...sizes.keys()].toSorted((left, right) => tokens(left) - tokens(right))) {
    const own = COPIES * BYTES * (sizes[number]?.numbers as number);
    const encoding = (batch.length + 1) * encodingBytes(tokens(number), encoder);
    const isFull = batch.length === MOST_SEQUENCES || encoding + numbers + own > budget;
    if (isFull && batch.length > 0) {
      planned.push(batch);
      batch = [];
      numbers = 0;
    }
    batch.push(number);
    numbers += own;
  }
  return batch.length > 0 ? [...planned, batch] : planned;
}

/** What encoding a sequence takes: the attention and the widest vectors of one layer. */
function encodingBytes(
  tokens: number,
  { heads, hiddenSize, maxTokens }: Pick<Encoder, "heads" | "hiddenSize" | "maxTokens">,
): number {
  const width = Math.min(tokens, maxTokens);
  const rows = Math.ceil(tokens / maxTokens);
  return rows * COPIES * BYTES * (heads * width ** 2 + 4 * hiddenSize * width);
}
