import type { Encoder } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";

/** Bytes that the tensors of one batch may take, unless the caller says otherwise. */
export const DEFAULT_MEMORY_BUDGET: number = 2 ** 30;

const BYTES = 4;

/** More sequences in one batch win no time. */
const MOST_SEQUENCES = 32;

/** Copies of a tensor that an operation and the ones around it hold at a time, at the most. */
const COPIES = 3;

/** What a batch costs by itself, in tokens to encode: most of it that its size may need a graph of its own. */
const BATCH_TOKENS = 512;

/** What decides how much memory one sequence takes. */
export interface SequenceSize {
  /** Its length, or the width that a row of it alone has, where widths are rounded. */
  readonly tokens: number;
  /** Numbers that the model holds for it besides the encoder's. */
  readonly numbers: number;
}

/**
 * Groups sequences of like length into batches that keep within a memory budget, so that the least is padded.
 *
 * @param budget Bytes; a sequence that needs more fills a batch alone.
 * @returns The numbers of the sequences of each batch, shorter ones first.
 */
export function planBatches(
  sizes: readonly SequenceSize[],
  encoder: Pick<Encoder, "heads" | "hiddenSize" | "maxTokens">,
  budget: number,
): number[][] {
  const sizeOf = (number: number): SequenceSize => sizes[number] as SequenceSize;
  const order = [...sizes.keys()].toSorted((left, right) => sizeOf(left).tokens - sizeOf(right).tokens);
  // The cheapest plan of the first sequences, by how many they are: what it costs, and how long its last batch is.
  const costs = [0];
  const lengths = [0];
  for (let end = 1; end <= order.length; end += 1) {
    const width = sizeOf(order[end - 1] as number).tokens;
    const bytes = encodingBytes(width, encoder);
    let numbers = 0;
    costs[end] = Infinity;
    for (let length = 1; length <= Math.min(MOST_SEQUENCES, end); length += 1) {
      numbers += COPIES * BYTES * sizeOf(order[end - length] as number).numbers;
      if (length > 1 && length * bytes + numbers > budget) break;
      const cost = (costs[end - length] as number) + bucketSize(length) * width + BATCH_TOKENS;
      if (cost >= (costs[end] as number)) continue;
      costs[end] = cost;
      lengths[end] = length;
    }
  }
  const planned: number[][] = [];
  for (let end = order.length; end > 0; end -= lengths[end] as number) {
    planned.unshift(order.slice(end - (lengths[end] as number), end));
  }
  return planned;
}

/**
 * How many spans of a sentence are classified at a time to keep within a memory budget: `least` times a power of two.
 *
 * @param numbers What the model holds for one span.
 * @param least Batches of fewer spans are filled up to as many.
 * @param budget Bytes.
 */
export function spansAtATime(numbers: number, least: number, budget: number): number {
  const most = budget / (COPIES * BYTES * numbers);
  return least * 2 ** Math.max(0, Math.floor(Math.log2(most / least)));
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
