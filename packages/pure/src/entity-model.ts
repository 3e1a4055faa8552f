import { type Backbone, type Encoder, encodeDocuments } from "@relatum/encoders";
import {
  dropout,
  Embedding,
  FeedForward,
  gatherRows,
  Linear,
  type Mode,
  Module,
  type Random,
} from "@relatum/tensor-utils";
import type { Trainable } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { PureConfig } from "./config.ts";
import type { PureEntityBatch, PureSpans } from "./entity-batch.ts";

/** Standard deviation of BERT's initial weights, with which the authors start the head too. */
const INITIAL_DEVIATION = 0.02;

/** PURE's entity model: an encoder, one vector a span, and a classifier over them. */
export class PureEntityModel extends Module implements Trainable<PureEntityBatch> {
  readonly encoder: Encoder;
  /** The paper's `φ`, a row a width in words; row 0 stands for padding `[maxSpanWords + 1, widthEmbeddingSize]`. */
  readonly widthEmbedding: Embedding;
  /** The paper's `FFNN`. */
  readonly feedForward: FeedForward;
  /** The paper's `W_e`, a row a label `[labels, headSize]`. */
  readonly classifier: Linear;
  readonly config: PureConfig;

  /** @param backbone Its encoder becomes the model's own. */
  constructor(config: PureConfig, { encoder }: Pick<Backbone, "encoder">, random: Random) {
    super();
    const { maxSpanWords, widthEmbeddingSize, headSize, headDropout, entityTypes } = config;
    const sizes = [2 * encoder.hiddenSize + widthEmbeddingSize, headSize, headSize];
    this.encoder = encoder;
    this.widthEmbedding = new Embedding(maxSpanWords + 1, widthEmbeddingSize, random.fork("widthEmbedding"));
    this.feedForward = new FeedForward(sizes, headDropout, random.fork("feedForward"), INITIAL_DEVIATION);
    this.classifier = new Linear(headSize, entityTypes.length + 1, random.fork("classifier"), INITIAL_DEVIATION);
    this.config = config;
  }

  /**
   * Computes the loss of a batch, summed over its spans.
   *
   * @returns Nats `[]`.
   * @equation PURE eq. L_e (Training & inference)
   */
  loss(batch: PureEntityBatch, mode: Mode): tf.Scalar {
    return tf.tidy(() => {
      const logits = this.logits(batch, mode); // [spans, labels]
      const labels = tf.oneHot(batch.targets, logits.shape[1]); // [spans, labels]
      const losses = logits.logSoftmax(1).mul(labels).sum(1).neg(); // [spans]
      return losses.mul(batch.spans.mask).sum<tf.Scalar>();
    });
  }

  /**
   * Scores every type of every span.
   *
   * @returns `[spans, labels]`, label 0 being no entity; rows of padding mean nothing.
   * @equation PURE eq. P_e (Appendix B), before the softmax
   */
  logits({ input, spans }: Pick<PureEntityBatch, "input" | "spans">, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => this.classify(this.encode(input, mode), spans, mode));
  }

  /** Gives the vectors of sentences in their context `[sentences, tokens, hidden]`, some numbers dropped in training. */
  encode(input: PureEntityBatch["input"], mode: Mode): tf.Tensor3D {
    return tf.tidy(() => {
      // Only sentences that fill several rows need what puts rows together again.
      const { hidden } =
        input.placement === undefined
          ? this.encoder.encode(input.windows, mode)
          : encodeDocuments(this.encoder, input, mode);
      return dropout(hidden, this.config.outputDropout, mode);
    });
  }

  /**
   * Scores every type of the spans.
   *
   * @param hidden Of the sentences that the spans are from `[sentences, tokens, hidden]`.
   * @returns `[spans, labels]`.
   */
  classify(hidden: tf.Tensor3D, spans: PureSpans, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => {
      const vectors = this.spanVectors(hidden, spans); // [spans, 2 · hidden + widthEmbeddingSize]
      return this.classifier.apply(this.feedForward.apply(vectors, mode));
    });
  }

  /**
   * Joins what stands for a span: its first token, its last and its width.
   *
   * Paper → code: `x_START(i)`, `x_END(i)` → rows of `hidden`, `φ(s_i)` → `widthEmbedding`.
   *
   * @param hidden `[sentences, tokens, hidden]`.
   * @returns `[spans, 2 · hidden + widthEmbeddingSize]`.
   * @equation PURE eq. h_e (Entity model)
   */
  spanVectors(hidden: tf.Tensor3D, { starts, ends, widths }: PureSpans): tf.Tensor2D {
    return tf.tidy(() => {
      const tokens = hidden.reshape([-1, hidden.shape[2]]); // [sentences · tokens, hidden]
      const parts = [
        gatherRows(tokens, starts),
        gatherRows(tokens, ends),
        gatherRows(this.widthEmbedding.weight, widths),
      ];
      return tf.concat(parts as tf.Tensor2D[], 1);
    });
  }
}
