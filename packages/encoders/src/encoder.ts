import type { Mode } from "@relatum/tensor-utils";
import type * as tf from "@tensorflow/tfjs";

/** Token ids of a batch, padded to one width. */
export interface EncoderInput {
  /** int32 `[batch, tokens]`. */
  readonly tokenIds: tf.Tensor2D;
  /** 1 = visible, `[batch, tokens]`, or by query and key `[batch, tokens, tokens]`. */
  readonly mask: tf.Tensor2D | tf.Tensor3D;
  /** int32 `[batch, tokens]`; counted from the first token of a row without it. */
  readonly positionIds?: tf.Tensor2D;
  /** int32, the segment each token belongs to `[batch, tokens]`; segment 0 without it. */
  readonly tokenTypeIds?: tf.Tensor2D;
}

/** Vectors of a batch. */
export interface EncoderOutput {
  /** One vector a token `[batch, tokens, hidden]`; rows of padding are computed too and mean nothing. */
  readonly hidden: tf.Tensor3D;
  /** Attention of the last layer, before dropout `[batch, heads, tokens, tokens]`; transformers only. */
  readonly attention?: tf.Tensor4D;
  /** One vector a sequence `[batch, hidden]`. */
  readonly pooled: tf.Tensor2D;
}

/** Turns token ids into vectors. */
export interface Encoder {
  readonly hiddenSize: number;
  /** Attention heads of the last layer; 0 for an encoder without attention. */
  readonly heads: number;
  /** Longest row it takes, in tokens. */
  readonly maxTokens: number;
  parameters(): ReadonlyMap<string, tf.Variable>;
  encode(input: EncoderInput, mode: Mode): EncoderOutput;
  /**
   * Gives the vectors of some tokens alone, for less work: those that {@link encode} has at these places.
   *
   * @param places int32, each in `0 … tokens - 1` `[batch, places]`.
   * @returns `[batch, places, hidden]`.
   */
  encodeAt(input: EncoderInput, places: tf.Tensor2D, mode: Mode): tf.Tensor3D;
  dispose(): void;
}
