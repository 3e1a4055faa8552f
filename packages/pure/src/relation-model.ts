import { type Backbone, BertEncoder, type Encoder, type EncoderInput } from "@relatum/encoders";
import {
  dropout,
  Embedding,
  FeedForward,
  gatherRows,
  LayerNorm,
  Linear,
  type Mode,
  Module,
  type Random,
  softmaxLoss,
} from "@relatum/tensor-utils";
import type { Trainable } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { PureConfig } from "./config.ts";
import type {
  PureRelationBatch,
  PureRelationInputTokens,
  PureRelationPairs,
  PureRelationSide,
} from "./relation-batch.ts";

/** Standard deviation of BERT's initial weights, with which the authors start the head too. */
const INITIAL_DEVIATION = 0.02;

/** What the norm before the classifier adds to the variance: PyTorch's default, not BERT's. */
const NORM_EPSILON = 1e-5;

/** PURE's relation model: an encoder, one vector a pair, and a classifier over them; full, approximate, or of Table 4. */
export class PureRelationModel extends Module implements Trainable<PureRelationBatch> {
  readonly encoder: Encoder;
  /** The paper's `φ`, a row a width in words; only where the input is the text alone. */
  readonly widthEmbedding: Embedding | undefined;
  /** The paper's `ψ`, a row an entity type, row 0 for no entity; only where the input has it. */
  readonly typeEmbedding: Embedding | undefined;
  /** Tells the entity types of a pair's spans, for the auxiliary loss; only where the input has it. */
  readonly typeFeedForward: FeedForward | undefined;
  readonly typeClassifier: Linear | undefined;
  /** Normalises pair vectors; not in the paper, but in the authors' code. */
  readonly norm: LayerNorm;
  /** The paper's `W_r`, a row a label. */
  readonly classifier: Linear;
  readonly config: PureConfig;

  /** @param backbone Its encoder becomes the model's own. */
  constructor(config: PureConfig, { encoder }: Pick<Backbone, "encoder">, random: Random) {
    super();
    const { relationInput, maxSpanWords, widthEmbeddingSize, typeEmbeddingSize, headSize, headDropout } = config;
    const { hiddenSize } = encoder;
    const types = config.entityTypes.length + 1;
    const isText = relationInput === "text" || relationInput === "text-etype";
    const hasTypes = relationInput === "text-etype" || relationInput === "markers-etype";
    const size = isText ? 3 * (2 * hiddenSize + widthEmbeddingSize) : 2 * hiddenSize;
    const width = size + (hasTypes ? 2 * typeEmbeddingSize : 0);
    this.encoder = encoder;
    this.widthEmbedding = isText
      ? new Embedding(maxSpanWords + 1, widthEmbeddingSize, random.fork("widthEmbedding"))
      : undefined;
    this.typeEmbedding = hasTypes ? new Embedding(types, typeEmbeddingSize, random.fork("typeEmbedding")) : undefined;
    if (relationInput === "markers-eloss") {
      const sizes = [hiddenSize, headSize, headSize];
      this.typeFeedForward = new FeedForward(sizes, headDropout, random.fork("typeFeedForward"), INITIAL_DEVIATION);
      this.typeClassifier = new Linear(headSize, types, random.fork("typeClassifier"), INITIAL_DEVIATION);
    }
    this.norm = new LayerNorm(width, NORM_EPSILON);
    this.classifier = new Linear(width, config.relations.length + 1, random.fork("classifier"), INITIAL_DEVIATION);
    this.config = config;
  }

  /**
   * Computes the loss of a batch, averaged over its pairs; with the auxiliary loss, that of both spans' types is added.
   *
   * @returns Nats `[]`.
   * @equation PURE eq. L_r (Training & inference)
   */
  loss({ input, pairs, targets }: PureRelationBatch, mode: Mode): tf.Scalar {
    return tf.tidy(() => {
      const hidden = this.encode(input, mode); // [texts, tokens, hidden]
      const loss = softmaxLoss(this.classify(hidden, pairs, mode), targets, pairs.mask);
      if (this.typeClassifier === undefined) return loss;
      const typeLoss = ({ types, ...side }: PureRelationSide): tf.Scalar =>
        softmaxLoss(this.typeLogits(hidden, side, mode), types, pairs.mask);
      return loss.add<tf.Scalar>(typeLoss(pairs.heads)).add<tf.Scalar>(typeLoss(pairs.tails));
    });
  }

  /**
   * Scores every relation of every pair.
   *
   * @returns `[pairs, labels]`, label 0 being no relation; rows of padding mean nothing.
   * @equation PURE eq. P_r (Appendix B), before the softmax
   */
  logits({ input, pairs }: Pick<PureRelationBatch, "input" | "pairs">, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => this.classify(this.encode(input, mode), pairs, mode));
  }

  /**
   * Encodes texts, with the markers inside or behind them, if any.
   *
   * @returns `[texts, tokens, hidden]`; where the input names start markers, of these alone `[texts, markers, hidden]`.
   */
  encode(input: PureRelationInputTokens, mode: Mode): tf.Tensor3D {
    return tf.tidy(() => {
      const { encoder } = this;
      const tokens = encoderInput(input, firstPosition(encoder));
      if (input.startMarkers === undefined) return encoder.encode(tokens, mode).hidden;
      return encoder.encodeAt(tokens, input.startMarkers, mode);
    });
  }

  /**
   * Scores every relation of the pairs.
   *
   * @param hidden Of the texts that the pairs are from, by {@link encode} `[texts, tokens, hidden]`.
   * @returns `[pairs, labels]`.
   */
  classify(hidden: tf.Tensor3D, pairs: PureRelationPairs, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => {
      const vectors = this.norm.apply(this.pairVectors(hidden, pairs)); // [pairs, width]
      return this.classifier.apply(dropout(vectors, this.config.outputDropout, mode));
    });
  }

  /**
   * Joins what stands for a pair: the start markers' vectors, or without markers what {@link textVectors} gives; and the
   * spans' types where the input has them.
   *
   * Paper → code: `x_START(i)`, `x_START(j)` → rows of `hidden`, `ψ` → `typeEmbedding`.
   *
   * @param hidden `[texts, tokens, hidden]`.
   * @returns `[pairs, width]`.
   * @equation PURE eq. h_r(s_i,s_j) (Relation model)
   */
  pairVectors(hidden: tf.Tensor3D, { heads, tails }: PureRelationPairs): tf.Tensor2D {
    return tf.tidy(() => {
      const tokens = hidden.reshape<tf.Tensor2D>([-1, hidden.shape[2]]); // [texts · tokens, hidden]
      const { widthEmbedding, typeEmbedding } = this;
      const spans = [heads, tails].map((side) =>
        widthEmbedding === undefined ? gatherRows(tokens, side.starts) : spanVectors(tokens, side, widthEmbedding),
      ) as [tf.Tensor2D, tf.Tensor2D];
      const types = typeEmbedding && [heads, tails].map((side) => gatherRows(typeEmbedding.weight, side.types));
      const products = widthEmbedding && spans[0].mul(spans[1]);
      return tf.concat([...spans, ...(products ? [products] : []), ...(types ?? [])] as tf.Tensor2D[], 1);
    });
  }

  /**
   * Scores every entity type of one side of the pairs, which the auxiliary loss of Table 4 compares with the true ones.
   *
   * @returns `[pairs, types]`, type 0 being no entity.
   * @throws {TypeError} If the config's input has no auxiliary loss.
   */
  typeLogits(hidden: tf.Tensor3D, { starts }: Pick<PureRelationSide, "starts">, mode: Mode): tf.Tensor2D {
    const { typeFeedForward, typeClassifier } = this;
    if (typeFeedForward === undefined || typeClassifier === undefined) {
      throw new TypeError(`relationInput must be "markers-eloss" to tell types, got "${this.config.relationInput}".`);
    }
    return tf.tidy(() => {
      const vectors = gatherRows(hidden.reshape([-1, hidden.shape[2]]), starts) as tf.Tensor2D; // [pairs, hidden]
      return typeClassifier.apply(typeFeedForward.apply(vectors, mode));
    });
  }
}

function encoderInput(
  { tokenIds, textMask, positionIds, groups }: PureRelationInputTokens,
  first: number,
): EncoderInput {
  if (positionIds === undefined || groups === undefined) return { tokenIds, mask: textMask };
  const mask = approximationMask(textMask, groups); // [texts, tokens, tokens]
  return { tokenIds, mask, positionIds: positionIds.add(tf.scalar(first, "int32")) };
}

/**
 * Says which token sees which where markers are behind the text: all see the text, and a marker the markers of its pair.
 *
 * @param textMask 1 = text `[texts, tokens]`.
 * @param groups int32, the pair of each marker, from 1; 0 = no marker `[texts, tokens]`.
 * @returns 1 = visible, by query and key `[texts, tokens, tokens]`.
 * @equation PURE eq. mask (Efficient Batch Computations)
 */
export function approximationMask(textMask: tf.Tensor2D, groups: tf.Tensor2D): tf.Tensor3D {
  const [texts, tokens] = groups.shape;
  return tf.tidy(() => {
    const keys = groups.reshape([texts, 1, tokens]);
    const isMarker = keys.greater(tf.scalar(0, "int32")).cast("float32"); // [texts, 1, tokens]
    const samePair = groups.reshape([texts, tokens, 1]).equal(keys).cast("float32"); // [texts, tokens, tokens]
    return samePair.mul(isMarker).add<tf.Tensor3D>(textMask.reshape([texts, 1, tokens]));
  });
}

/** The position of a text's first token: RoBERTa's come after that of padding. */
function firstPosition(encoder: Encoder): number {
  return encoder instanceof BertEncoder && encoder.config.family === "roberta" ? encoder.config.padId + 1 : 0;
}

/** The entity model's vectors of one side's spans `[pairs, 2 · hidden + widthEmbeddingSize]`: first token, last, width. */
function spanVectors(tokens: tf.Tensor2D, { starts, ends, widths }: PureRelationSide, embedding: Embedding): tf.Tensor {
  const parts = [gatherRows(tokens, starts), gatherRows(tokens, ends), gatherRows(embedding.weight, widths)];
  return tf.concat(parts as tf.Tensor2D[], 1);
}
