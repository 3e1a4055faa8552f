import { gatherRows, type Mode } from "@relatum/tensor-utils";
import type { Trainable } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { PureSpans } from "./entity-batch.ts";
import type { PureEntityModel } from "./entity-model.ts";
import type { PureJointBatch, PureJointRelations, PureSpanPruning } from "./joint-batch.ts";
import type { PureRelationPairs, PureRelationSide } from "./relation-batch.ts";
import type { PureRelationModel } from "./relation-model.ts";
import { PureSharedModel } from "./shared-model.ts";

/** Taken off the scores of padding: far below any score, yet finite. */
const REMOVED = 1e30;

/**
 * The joint baseline of the paper's Appendix C: one encoding of a sentence, no markers, both heads on its spans.
 *
 * The spans that are likeliest entities are kept, `spansPerWord` for each word, and every ordered pair of them is
 * classified. Once trained, its halves work on their own: `entity` finds and prunes spans, `relation` scores their pairs.
 */
export class PureJointModel implements Trainable<PureJointBatch> {
  readonly entity: PureEntityModel;
  readonly relation: PureRelationModel;
  readonly #shared: PureSharedModel;

  /**
   * @param relation Its input must be the text alone, with or without types.
   * @throws {RangeError} If the models have two encoders, or the relation model needs markers.
   */
  constructor(entity: PureEntityModel, relation: PureRelationModel) {
    const { relationInput } = relation.config;
    if (relationInput !== "text" && relationInput !== "text-etype") {
      throw new RangeError(`relationInput must be "text" or "text-etype" in a joint model, got "${relationInput}".`);
    }
    this.entity = entity;
    this.relation = relation;
    this.#shared = new PureSharedModel(entity, relation);
  }

  /** Every parameter once: `encoder.…`, `entity.…` and `relation.…`. */
  parameters(): ReadonlyMap<string, tf.Variable> {
    return this.#shared.parameters();
  }

  /**
   * Computes the loss of a batch: of types, summed over spans, plus of relations, summed over pairs of kept spans.
   *
   * Averaged, as in the relation model, that of relations would count for nothing beside that of types.
   *
   * Which spans are kept is taken as given: relations teach the entity head through the shared vectors only.
   *
   * @returns Nats `[]`.
   */
  loss({ input, spans, targets, pruning, relations }: PureJointBatch, mode: Mode): tf.Scalar {
    return tf.tidy(() => {
      const hidden = this.entity.encode(input, mode); // [sentences, tokens, hidden]
      const logits = this.entity.classify(hidden, spans, mode); // [spans, types]
      const typeLosses = crossEntropies(logits, targets).mul(spans.mask);
      const kept = keepSpans(logits, pruning); // [sentences, kept]
      const pairs = pairSpans(kept, logits, { spans, pruning });
      const relationTargets = labelPairs(kept, relations); // [sentences · kept · kept]
      const relationLosses = crossEntropies(this.relation.classify(hidden, pairs, mode), relationTargets);
      return typeLosses.sum().add(relationLosses.mul(pairs.mask).sum());
    });
  }
}

/**
 * Chooses the spans of each sentence that are likeliest entities; of equally likely ones the first.
 *
 * @param logits Scores of every span's types, type 0 being no entity `[spans, types]`.
 * @returns int32, places in the sentence, the likeliest first; where `keptMask` is 0, of any `[sentences, kept]`. Passes no
 *   gradient on.
 */
export function keepSpans(logits: tf.Tensor2D, { spans, spanMask, keptMask }: PureSpanPruning): tf.Tensor2D {
  return withoutGradient(() => {
    const isNone = logits.logSoftmax(1).slice([0, 0], [-1, 1]).flatten(); // [spans]
    const scores = gatherRows(isNone.neg(), spans.flatten()).reshape(spans.shape); // [sentences, places]
    const visible = scores.sub(tf.sub(1, spanMask).mul(REMOVED));
    return tf.topk(visible, keptMask.shape[1]).indices as tf.Tensor2D;
  });
}

/** Every ordered pair of each sentence's kept spans, `kept · kept` a sentence, head-major; a span with itself is masked. */
function pairSpans(
  kept: tf.Tensor2D,
  logits: tf.Tensor2D,
  { spans, pruning }: { readonly spans: PureSpans; readonly pruning: PureSpanPruning },
): PureRelationPairs {
  const [sentences, count] = kept.shape;
  const places = pruning.spans.shape[1];
  const firstCells = tf.range(0, sentences * places, places, "int32").reshape([sentences, 1]);
  const cells = kept.add<tf.Tensor2D>(firstCells).flatten(); // [sentences · kept]
  const numbers = gatherRows(pruning.spans.flatten(), cells); // [sentences · kept]
  const types = withoutGradient(() => tf.topk(logits, 1).indices.flatten()); // [spans]
  const sideOf = (ofPairs: tf.Tensor1D): PureRelationSide => {
    const take = (values: tf.Tensor): tf.Tensor1D => gatherRows(values, ofPairs) as tf.Tensor1D;
    return { starts: take(spans.starts), ends: take(spans.ends), widths: take(spans.widths), types: take(types) };
  };
  const heads = numbers.reshape([sentences, count, 1]).tile([1, 1, count]); // [sentences, kept, kept]
  const tails = numbers.reshape([sentences, 1, count]).tile([1, count, 1]); // [sentences, kept, kept]
  const keptRows = pruning.keptMask.reshape([sentences, count, 1]);
  const both = keptRows.mul(pruning.keptMask.reshape([sentences, 1, count])); // [sentences, kept, kept]
  const mask = both.mul(tf.sub(1, tf.eye(count))); // [sentences, kept, kept]
  return { heads: sideOf(heads.flatten()), tails: sideOf(tails.flatten()), mask: mask.flatten() };
}

/**
 * Finds the label of every ordered pair of kept spans: 0 where the sentence has no relation between them.
 *
 * @param kept int32, places in the sentence `[sentences, kept]`.
 * @returns int32, head-major `[sentences · kept · kept]`.
 */
export function labelPairs(kept: tf.Tensor2D, { heads, tails, labels }: PureJointRelations): tf.Tensor1D {
  const [sentences, count] = kept.shape;
  const size = heads.shape[1];
  return tf.tidy(() => {
    const isPlace = (places: tf.Tensor2D): tf.Tensor3D =>
      kept
        .reshape([sentences, count, 1])
        .equal(places.reshape([sentences, 1, size]))
        .cast<tf.Tensor3D>("float32"); // [sentences, kept, relations]
    const labelled = isPlace(tails).mul<tf.Tensor3D>(labels.reshape([sentences, 1, size]));
    return tf.matMul(isPlace(heads), labelled, false, true).flatten().cast<tf.Tensor1D>("int32");
  });
}

function crossEntropies(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  return logits.logSoftmax(1).mul(tf.oneHot(targets, logits.shape[1])).sum<tf.Tensor1D>(1).neg();
}

/** Computes a tensor that the gradient takes for a constant. */
function withoutGradient<T extends tf.Tensor>(compute: () => T): T {
  const constant = tf.customGrad((...inputs) => {
    const [anchor] = inputs as [tf.Tensor];
    return { value: compute(), gradFunc: () => tf.zerosLike(anchor) };
  });
  return constant(tf.scalar(0)) as T;
}
