import { type Backbone, encoderTrainingBytes } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";
import { type BatchPart, splitBatch } from "@relatum/tensor-utils/train";

import type { PureConfig } from "./config.ts";
import { collatePureEntities, LEAST_SPANS, type PureEntityBatch } from "./entity-batch.ts";
import type { PureEntityFeatures } from "./entity-features.ts";
import { collatePureJoint, type PureJointBatch } from "./joint-batch.ts";
import type { PureJointFeatures } from "./joint-features.ts";
import { collatePureRelations, featureTokens, type PureRelationBatch, textWidth } from "./relation-batch.ts";
import type { PureRelationFeatures } from "./relation-features.ts";
import type { PureSharedBatch } from "./shared-model.ts";

const BYTES = 4;

/** Vectors of a span that are held with their gradients: two of the hidden width, and the head's. */
const SPAN_VECTORS = { hidden: 8, head: 12 } as const;

/** Vectors of a pair of spans, of the hidden width, that are held with their gradients. */
const PAIR_VECTORS = 16;

/** What decides how a batch is laid out. */
export interface TrainingMemoryOptions {
  readonly backbone: Pick<Backbone, "encoder" | "tokenizer">;
  readonly config: PureConfig;
}

/**
 * Lays sentences out as a batch in parts, each of which keeps within a memory budget: some of the sentences, or some of
 * the spans of one, where they take more than its text, which each part encodes again.
 *
 * @param budget Bytes, besides weights and their gradients.
 */
export function entityParts(
  features: readonly PureEntityFeatures[],
  options: TrainingMemoryOptions,
  budget: number,
): BatchPart<PureEntityBatch>[] {
  const parts = splitBatch(features, {
    budget,
    bytesOf: (some) => textBytes(some, options) + spanBytes(some, options),
    halve: (one) => {
      const helps = one.spans.length > LEAST_SPANS && spanBytes([one], options) > textBytes([one], options);
      return helps ? halveSpans(one) : undefined;
    },
  });
  return parts.map((part) => ({ make: () => collatePureEntities(part, options.backbone), weight: 1 })); // a sum over spans
}

/** Lays texts out as a batch in parts, as {@link entityParts} does: some of the texts, or some of the pairs of one. */
export function relationParts(
  features: readonly PureRelationFeatures[],
  { backbone, config }: TrainingMemoryOptions,
  budget: number,
): BatchPart<PureRelationBatch>[] {
  const { encoder, tokenizer } = backbone;
  const parts = splitBatch(features, {
    budget,
    bytesOf: (some) => {
      const width = textWidth(Math.max(...some.map(featureTokens)));
      const pairs = bucketSize(Math.max(1, countPairs(some))) * PAIR_VECTORS * encoder.hiddenSize;
      return encoderTrainingBytes(encoder, bucketSize(some.length), width) + BYTES * pairs;
    },
    // Markers behind the text count as text: fewer pairs make it shorter, until they are shorter than it.
    halve: (one) => (featureTokens(one) > 2 * one.tokenIds.length ? halvePairs(one) : undefined),
  });
  const all = countPairs(features);
  return parts.map((part) => ({
    make: () => collatePureRelations(part, tokenizer, config),
    weight: countPairs(part) / all, // a mean over pairs
  }));
}

/** Lays sentences out as a batch in parts of whole sentences: which spans are kept depends on all of a sentence. */
export function jointParts(
  features: readonly PureJointFeatures[],
  options: TrainingMemoryOptions,
  budget: number,
): BatchPart<PureJointBatch>[] {
  const { backbone, config } = options;
  const keptBytes = (some: readonly PureJointFeatures[]): number => {
    const kept = Math.max(...some.map(({ wordStarts }) => Math.ceil(wordStarts.length * config.spansPerWord)));
    return BYTES * some.length * bucketSize(Math.max(1, kept)) ** 2 * PAIR_VECTORS * backbone.encoder.hiddenSize;
  };
  const parts = splitBatch(features, {
    budget,
    bytesOf: (some) => textBytes(some, options) + spanBytes(some, options) + keptBytes(some),
  });
  return parts.map((part) => ({ make: () => collatePureJoint(part, backbone, config), weight: 1 })); // a sum over both
}

/** What one step over both models learns from. */
export interface SharedFeatures {
  readonly sentences: readonly PureEntityFeatures[];
  readonly texts: readonly PureRelationFeatures[];
}

/** Lays sentences and texts out as one batch, or in parts of either, as {@link entityParts} and {@link relationParts} do. */
export function sharedParts(
  { sentences, texts }: SharedFeatures,
  options: TrainingMemoryOptions,
  budget: number,
): BatchPart<PureSharedBatch>[] {
  // Together they take what both take.
  const entities = entityParts(sentences, options, budget / 2);
  const relations = relationParts(texts, options, budget / 2);
  const [entity, relation] = [entities[0], relations[0]];
  if (entity && relation && entities.length === 1 && relations.length === 1) {
    return [{ make: () => ({ entity: entity.make(), relation: relation.make() }), weight: 1 }];
  }
  return [
    ...entityParts(sentences, options, budget).map(({ make }) => ({ make: () => ({ entity: make() }), weight: 1 })),
    // The loss sums over the pairs of each part.
    ...relationParts(texts, options, budget).map(({ make }) => ({ make: () => ({ relation: make() }), weight: 1 })),
  ];
}

/** What encoding sentences takes. */
function textBytes(features: readonly PureEntityFeatures[], { backbone: { encoder } }: TrainingMemoryOptions): number {
  const longest = textWidth(Math.max(...features.map(({ tokenIds }) => tokenIds.length)));
  const width = Math.min(longest, encoder.maxTokens);
  return encoderTrainingBytes(encoder, features.length * Math.ceil(longest / width), width);
}

/** What classifying their spans takes. */
function spanBytes(
  features: readonly PureEntityFeatures[],
  { backbone: { encoder }, config }: TrainingMemoryOptions,
): number {
  const count = features.reduce((sum, { spans }) => sum + spans.length, 0);
  const size = 2 ** Math.ceil(Math.log2(Math.max(LEAST_SPANS, count)));
  return BYTES * size * (SPAN_VECTORS.hidden * encoder.hiddenSize + SPAN_VECTORS.head * config.headSize);
}

function countPairs(features: readonly PureRelationFeatures[]): number {
  return features.reduce((sum, { pairs }) => sum + pairs.length, 0);
}

function halveSpans(features: PureEntityFeatures): [PureEntityFeatures, PureEntityFeatures] {
  const { spans, labels } = features;
  const middle = Math.ceil(spans.length / 2);
  return [
    { ...features, spans: spans.slice(0, middle), ...(labels && { labels: labels.slice(0, middle) }) },
    { ...features, spans: spans.slice(middle), ...(labels && { labels: labels.slice(middle) }) },
  ];
}

function halvePairs(features: PureRelationFeatures): [PureRelationFeatures, PureRelationFeatures] {
  const middle = Math.ceil(features.pairs.length / 2);
  return [
    { ...features, pairs: features.pairs.slice(0, middle) },
    { ...features, pairs: features.pairs.slice(middle) },
  ];
}
