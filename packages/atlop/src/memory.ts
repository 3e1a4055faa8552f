import type { Encoder } from "@relatum/encoders";

import type { BatchPair } from "./batch.ts";
import type { AtlopConfig } from "./config.ts";
import type { AtlopFeatures } from "./features.ts";
import type { AtlopEncoding } from "./model.ts";

/** Bytes that the tensors of one batch may take, unless the caller says otherwise. */
export const DEFAULT_MEMORY_BUDGET: number = 2 ** 30;

const BYTES = 4;

/** More documents in one batch win no time. */
const MOST_DOCUMENTS = 8;

/** Copies of a tensor that an operation and the ones around it hold at a time, at the most. */
const COPIES = 3;

/**
 * Groups documents of like length into batches that keep within a memory budget.
 *
 * @param budget Bytes.
 * @returns The numbers of the documents of each batch; those without a pair are in none.
 */
export function planDocuments(
  features: readonly AtlopFeatures[],
  encoder: Pick<Encoder, "heads" | "hiddenSize" | "maxTokens">,
  budget: number,
): number[][] {
  const length = (number: number): number => features[number]?.tokenIds.length as number;
  const numbers = [...features.keys()].filter((number) => features[number]?.pairs.length !== 0);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const number of numbers.toSorted((left, right) => length(left) - length(right))) {
    const isFull =
      batch.length === MOST_DOCUMENTS || (batch.length + 1) * documentBytes(length(number), encoder) > budget;
    if (isFull && batch.length > 0) {
      batches.push(batch);
      batch = [];
    }
    batch.push(number);
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}

/** What encoding a document takes: the attention and the widest vectors of one layer. */
function documentBytes(
  tokens: number,
  { heads, hiddenSize, maxTokens }: Pick<Encoder, "heads" | "hiddenSize" | "maxTokens">,
): number {
  const width = Math.min(tokens, maxTokens);
  const rows = Math.ceil(tokens / maxTokens);
  return rows * COPIES * BYTES * (heads * width ** 2 + 4 * hiddenSize * width);
}

/** Some pairs of a batch, those of a run of head entities. */
export interface PairChunk {
  readonly pairs: readonly BatchPair[];
  readonly headStart: number;
  readonly headCount: number;
}

/**
 * Cuts the pairs of a batch into chunks that keep within a memory budget, by their head entities.
 *
 * @param budget Bytes.
 */
export function planChunks(
  pairs: readonly BatchPair[],
  { hidden, attention }: Pick<AtlopEncoding, "hidden" | "attention">,
  config: AtlopConfig,
  budget: number,
): PairChunk[] {
  const [documents, tokens, width] = hidden.shape;
  const entities = attention.shape[1];
  const cells = documents * entities; // of one head entity a document
  const bytes = BYTES * cells * (COPIES * (tokens + width) + pairNumbers(config));
  const headCount = Math.max(1, Math.min(entities, Math.floor(budget / bytes)));
  const chunks = Array.from({ length: Math.ceil(entities / headCount) }, (_, index) => {
    const headStart = index * headCount;
    const inChunk = pairs.filter(({ head }) => head >= headStart && head < headStart + headCount);
    return { pairs: inChunk, headStart, headCount: Math.min(headCount, entities - headStart) };
  });
  return chunks.filter((chunk) => chunk.pairs.length > 0);
}

/** How many numbers the classifier holds for one pair. */
function pairNumbers({ relations, pairSize, blockSize, classifier }: AtlopConfig): number {
  const labels = relations.length + 1;
  const products = classifier === "group-bilinear" ? blockSize ** 2 : labels * pairSize;
  return COPIES * (2 * pairSize + products + 2 * labels);
}
