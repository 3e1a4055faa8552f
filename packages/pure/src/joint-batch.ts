import type { Backbone } from "@relatum/encoders";
import { bucketSize } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";

import type { PureConfig } from "./config.ts";
import { collatePureEntities, type CollatePureEntitiesOptions, type PureEntityBatch } from "./entity-batch.ts";
import type { PureJointFeatures } from "./joint-features.ts";

/** Sentences as the joint baseline takes them. Free it with `tf.dispose(batch)`. */
export interface PureJointBatch extends PureEntityBatch {
  readonly pruning: PureSpanPruning;
  readonly relations: PureJointRelations;
}

/** The spans of each sentence, and how many of them are kept. */
export interface PureSpanPruning {
  /** int32, the number of each sentence's spans among the batch's `[sentences, places]`; 0 for padding. */
  readonly spans: tf.Tensor2D;
  /** 1 = a span, 0 = padding `[sentences, places]`. */
  readonly spanMask: tf.Tensor2D;
  /** 1 = one more span is kept, 0 = padding `[sentences, kept]`. */
  readonly keptMask: tf.Tensor2D;
}

/** The relations of each sentence. */
export interface PureJointRelations {
  /** int32, places of spans in their sentence `[sentences, relations]`. */
  readonly heads: tf.Tensor2D;
  /** As `heads`. */
  readonly tails: tf.Tensor2D;
  /** Label numbers; 0 for padding `[sentences, relations]`. */
  readonly labels: tf.Tensor2D;
}

/**
 * Lays features out as one batch.
 *
 * @param features At least one sentence, each with words.
 * @returns Tensors that the caller frees with `tf.dispose`.
 */
export function collatePureJoint(
  features: readonly PureJointFeatures[],
  backbone: Pick<Backbone, "encoder" | "tokenizer">,
  config: Pick<PureConfig, "spansPerWord">,
  { pad = "buckets" }: CollatePureEntitiesOptions = {},
): PureJointBatch {
  const round = pad === "exact" ? (size: number): number => size : bucketSize;
  return {
    ...collatePureEntities(features, backbone, { pad }),
    pruning: collatePruning(features, config, round),
    relations: collateRelations(features, round),
  };
}

function collatePruning(
  features: readonly PureJointFeatures[],
  { spansPerWord }: Pick<PureConfig, "spansPerWord">,
  round: (size: number) => number,
): PureSpanPruning {
  const counts = features.map(({ wordStarts, spans }) =>
    Math.min(spans.length, Math.ceil(wordStarts.length * spansPerWord)),
  );
  const kept = Math.max(...counts);
  // There must be a place for every kept one, also where both are rounded up.
  const keptSize = round(kept);
  const places = Math.max(keptSize, round(Math.max(...features.map(({ spans }) => spans.length))));
  const numbers = new Int32Array(features.length * places);
  const mask = new Float32Array(features.length * places);
  const keptMask = new Float32Array(features.length * keptSize);
  let next = 0;
  for (const [row, { spans }] of features.entries()) {
    for (const place of spans.keys()) numbers[row * places + place] = next++;
    mask.fill(1, row * places, row * places + spans.length);
    keptMask.fill(1, row * keptSize, row * keptSize + (counts[row] as number));
  }
  return {
    spans: tf.tensor2d(numbers, [features.length, places], "int32"),
    spanMask: tf.tensor2d(mask, [features.length, places]),
    keptMask: tf.tensor2d(keptMask, [features.length, keptSize]),
  };
}

function collateRelations(features: readonly PureJointFeatures[], round: (size: number) => number): PureJointRelations {
  const size = round(Math.max(1, ...features.map(({ relations }) => relations.length)));
  const shape: [number, number] = [features.length, size];
  const [heads, tails] = [new Int32Array(shape[0] * size), new Int32Array(shape[0] * size)];
  const labels = new Float32Array(shape[0] * size);
  for (const [row, { relations }] of features.entries()) {
    for (const [index, { head, tail, label }] of relations.entries()) {
      const cell = row * size + index;
      heads[cell] = head;
      tails[cell] = tail;
      labels[cell] = label;
    }
  }
  return {
    heads: tf.tensor2d(heads, shape, "int32"),
    tails: tf.tensor2d(tails, shape, "int32"),
    labels: tf.tensor2d(labels, shape),
  };
}
