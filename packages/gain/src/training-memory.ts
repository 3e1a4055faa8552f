import { encoderTrainingBytes, type Tokenizer } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";
import { type BatchPart, splitBatch } from "@relatum/tensor-utils/train";

import { collateGain, countGainTokens, type GainBatch, LEAST_ENTITIES, LEAST_PAIRS } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import type { GainFeatures } from "./features.ts";
import { type GainModel, graphSize } from "./model.ts";

const BYTES = 4;

/** Vectors of an edge between two entities, and of the paths between them, that are held with their gradients. */
const EDGE_VECTORS = 16;

/** Vectors of a pair, of the width of its entities' and of the paths', that its classification keeps for the gradient. */
const PAIR_VECTORS = { bank: 14, size: 18 } as const;

/** What decides how a batch is laid out. */
export interface TrainingMemoryOptions {
  readonly encoder: GainModel["encoder"];
  readonly tokenizer: Pick<Tokenizer, "padId">;
  readonly config: GainConfig;
}

/**
 * Lays features out as a batch in parts, each of which keeps within a memory budget: some of the documents, or some of
 * the pairs of one.
 *
 * A document's pairs are cut only where they take more than its text and graphs, which each part reads again.
 *
 * @param budget Bytes, besides weights and their gradients.
 */
export function gainParts(
  features: readonly GainFeatures[],
  options: TrainingMemoryOptions,
  budget: number,
): BatchPart<GainBatch>[] {
  const parts = splitBatch(features, {
    budget,
    bytesOf: (some) => {
      const { text, pairs } = gainTrainingBytes(some, options);
      return text + pairs;
    },
    halve: (one) => {
      const { text, pairs } = gainTrainingBytes([one], options);
      return pairs > text && one.pairs.length > LEAST_PAIRS ? halvePairs(one) : undefined;
    },
  });
  const all = countPairs(features);
  return parts.map((part) => ({
    make: () => collateGain(part, options.tokenizer, options.config),
    weight: countPairs(part) / all, // the loss is a mean over pairs
  }));
}

/**
 * Estimates what a training step holds besides weights and their gradients, in bytes.
 *
 * The text takes what `encoderTrainingBytes` says, and every two entities of a document 16 vectors of the graph's width. A
 * pair takes 14 vectors of the width of its entities' and 18 of the graph's.
 */
export function gainTrainingBytes(
  features: readonly GainFeatures[],
  { encoder, config }: TrainingMemoryOptions,
): { readonly text: number; readonly pairs: number } {
  const size = graphSize(encoder, config);
  const { all } = countGainTokens(features);
  const entities = bucketSize(Math.max(LEAST_ENTITIES, ...features.map(({ entityGraph }) => entityGraph.entityCount)));
  const edges = config.inference ? features.length * entities ** 2 * EDGE_VECTORS * size : 0;
  const bank = size * (config.graphLayers + 1);
  const ofPair = PAIR_VECTORS.bank * bank + PAIR_VECTORS.size * size;
  return {
    text: encoderTrainingBytes(encoder, features.length, all / features.length) + BYTES * edges,
    pairs: BYTES * bucketSize(Math.max(LEAST_PAIRS, countPairs(features))) * ofPair,
  };
}

function countPairs(features: readonly GainFeatures[]): number {
  return features.reduce((sum, { pairs }) => sum + pairs.length, 0);
}

function halvePairs(features: GainFeatures): [GainFeatures, GainFeatures] {
  const { pairs, targets } = features;
  const middle = Math.ceil(pairs.length / 2);
  return [
    { ...features, pairs: pairs.slice(0, middle), ...(targets && { targets: targets.slice(0, middle) }) },
    { ...features, pairs: pairs.slice(middle), ...(targets && { targets: targets.slice(middle) }) },
  ];
}
