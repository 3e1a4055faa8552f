import { type Backbone, encoderTrainingBytes } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";
import { type BatchPart, splitBatch } from "@relatum/tensor-utils/train";

import { type AtlopBatch, collateAtlop, countAtlopTokens, LEAST_ENTITIES, LEAST_PAIRS } from "./batch.ts";
import type { AtlopConfig } from "./config.ts";
import type { AtlopFeatures } from "./features.ts";

const BYTES = 4;

/** Vectors of a pair's width that its classification keeps for the gradient. */
const PAIR_VECTORS = 12;

/** Contexts of a pair, and of each cell of entities and entities, that are held with their gradients. */
const CONTEXTS = 3;

/** Copies of a cell's weights over the tokens. */
const WEIGHT_COPIES = 6;

/** How the products that the group bilinear form weighs are held: those of a block or two at a time, with their gradients. */
const PRODUCT_COPIES = 10;

/** What decides how a batch is laid out. */
export interface TrainingMemoryOptions {
  readonly backbone: Pick<Backbone, "encoder" | "tokenizer">;
  readonly config: AtlopConfig;
}

/**
 * Lays features out as a batch in parts, each of which keeps within a memory budget: some of the documents, or some of
 * the pairs of one.
 *
 * A document's pairs are cut only where they take more than its text, which each part encodes again.
 *
 * @param budget Bytes, besides weights and their gradients.
 */
export function atlopParts(
  features: readonly AtlopFeatures[],
  options: TrainingMemoryOptions,
  budget: number,
): BatchPart<AtlopBatch>[] {
  const parts = splitBatch(features, {
    budget,
    bytesOf: (some) => {
      const { text, pairs } = atlopTrainingBytes(some, options);
      return text + pairs;
    },
    halve: (one) => {
      const { text, pairs } = atlopTrainingBytes([one], options);
      return pairs > text && one.pairs.length > LEAST_PAIRS ? halvePairs(one) : undefined;
    },
  });
  const all = countPairs(features);
  return parts.map((part) => ({
    make: () => collateAtlop(part, options.backbone, options.config),
    weight: countPairs(part) / all, // the loss is a mean over pairs
  }));
}

/**
 * Estimates what a training step holds besides weights and their gradients, in bytes.
 *
 * The text takes what `encoderTrainingBytes` says, and for every two entities of a document six copies of their weights
 * over its tokens and three contexts. A pair takes twelve vectors of the pair's width, three contexts, and ten copies of
 * one block's products; without groups, three of its products with each label.
 */
export function atlopTrainingBytes(
  features: readonly AtlopFeatures[],
  { backbone, config }: TrainingMemoryOptions,
): { readonly text: number; readonly pairs: number } {
  const { hiddenSize } = backbone.encoder;
  const { pairSize, blockSize, classifier, relations } = config;
  const { all, rows } = countAtlopTokens(features, backbone, config);
  const tokens = Math.max(...features.map(({ tokenIds }) => tokenIds.length));
  const entities = bucketSize(Math.max(LEAST_ENTITIES, ...features.map(({ mentionStarts }) => mentionStarts.length)));
  const cells = config.localizedContext ? features.length * entities ** 2 : 0;
  const products =
    classifier === "group-bilinear" ? PRODUCT_COPIES * blockSize ** 2 : CONTEXTS * (relations.length + 1) * pairSize;
  const ofPair = PAIR_VECTORS * pairSize + CONTEXTS * hiddenSize + products;
  return {
    text:
      encoderTrainingBytes(backbone.encoder, rows, all / rows) +
      BYTES * cells * (WEIGHT_COPIES * tokens + CONTEXTS * hiddenSize),
    pairs: BYTES * bucketSize(Math.max(LEAST_PAIRS, countPairs(features))) * ofPair,
  };
}

function countPairs(features: readonly AtlopFeatures[]): number {
  return features.reduce((sum, { pairs }) => sum + pairs.length, 0);
}

function halvePairs(features: AtlopFeatures): [AtlopFeatures, AtlopFeatures] {
  const { pairs, targets } = features;
  const middle = Math.ceil(pairs.length / 2);
  return [
    { ...features, pairs: pairs.slice(0, middle), ...(targets && { targets: targets.slice(0, middle) }) },
    { ...features, pairs: pairs.slice(middle), ...(targets && { targets: targets.slice(middle) }) },
  ];
}
