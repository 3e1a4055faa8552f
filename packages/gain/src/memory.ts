import type { BatchPair } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import type { GainFeatures } from "./features.ts";
import { type GainModel, graphSize } from "./model.ts";

/** Bytes that the tensors of one batch may take, unless the caller says otherwise. */
export const DEFAULT_MEMORY_BUDGET: number = 2 ** 30;

const BYTES = 4;

/** More documents in one batch win no time. */
const MOST_DOCUMENTS = 8;

/** Copies of a tensor that an operation and the ones around it hold at a time, at the most. */
const COPIES = 4;

/**
 * Groups documents of like length into batches that keep within a memory budget.
 *
 * @param budget Bytes.
 * @returns The numbers of the documents of each batch; those without a pair are in none.
 */
export function planDocuments(
  features: readonly GainFeatures[],
  encoder: GainModel["encoder"],
  config: GainConfig,
  budget: number,
): number[][] {
  const length = (number: number): number => features[number]?.tokenIds.length as number;
  const bytes = (number: number): number => documentBytes(features[number] as GainFeatures, encoder, config);
  const numbers = [...features.keys()].filter((number) => features[number]?.pairs.length !== 0);
  const batches: number[][] = [];
  let batch: number[] = [];
  let largest = 0;
  for (const number of numbers.toSorted((left, right) => length(left) - length(right))) {
    // Documents of a batch are padded to its largest.
    const withIt = Math.max(largest, bytes(number));
    const isFull = batch.length === MOST_DOCUMENTS || (batch.length + 1) * withIt > budget;
    if (isFull && batch.length > 0) {
      batches.push(batch);
      batch = [];
    }
    largest = batch.length === 0 ? bytes(number) : withIt;
    batch.push(number);
  }
  return batch.length > 0 ? [...batches, batch] : batches;
}

/** What encoding a document takes: one layer of the encoder, or the vectors of the edges between its entities. */
function documentBytes(
  { tokenIds, entityGraph }: GainFeatures,
  encoder: GainModel["encoder"],
  config: GainConfig,
): number {
  const tokens = tokenIds.length;
  const heads = "heads" in encoder ? encoder.heads : 0;
  const layer = heads * tokens ** 2 + 4 * encoder.hiddenSize * tokens;
  const edges = config.inference ? 2 * entityGraph.entityCount ** 2 * graphSize(encoder, config) : 0;
  return COPIES * BYTES * Math.max(layer, edges);
}

/**
 * Cuts the pairs of a batch into chunks that keep within a memory budget.
 *
 * @param budget Bytes.
 */
export function planChunks(
  pairs: readonly BatchPair[],
  encoder: GainModel["encoder"],
  config: GainConfig,
  budget: number,
): BatchPair[][] {
  const size = graphSize(encoder, config);
  const bank = size * (config.graphLayers + 1);
  const numbers = 6 * bank + 8 * size + 2 * config.relations.length; // of one pair, within the classifier
  const most = Math.max(1, Math.min(pairs.length, Math.floor(budget / (BYTES * COPIES * numbers))));
  return Array.from({ length: Math.ceil(pairs.length / most) }, (_, index) =>
    pairs.slice(index * most, (index + 1) * most),
  );
}
