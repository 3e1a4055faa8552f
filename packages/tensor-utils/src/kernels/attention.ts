import * as tf from "@tensorflow/tfjs";

import type { Mode } from "../mode.ts";
import { type DropoutSite, openSite, siteFactors } from "./dropout.ts";
import { fusedRegion } from "./fused-region.ts";

/**
 * Scaled dot-product attention.
 *
 * For the gradient it keeps the weights before dropout alone: the mask is drawn again, and the sums over each row of
 * `dP·P`, which the softmax's gradient needs, are taken as those of `dO·O`, which are shorter.
 *
 * @param query `[batch, heads, tokens, width]`.
 * @param key As `query`.
 * @param value As `query`.
 * @param bias Added to the scores, for masks: 0 = visible, very negative = hidden; broadcasts to
 *   `[batch, heads, tokens, tokens]`, and gets no gradient.
 * @param rate Share of attention weights dropped when training.
 * @returns Weighted values `[batch, heads, tokens, width]`.
 */
export function attention(
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  bias: tf.Tensor,
  rate: number,
  mode: Mode,
): tf.Tensor4D {
  return tf.tidy(() => {
    const scaled = query.mul<tf.Tensor4D>(1 / Math.sqrt(query.shape[3]));
    return attend(bias, openSite(rate, mode))(scaled, key, value) as tf.Tensor4D;
  });
}

/**
 * The weights that {@link attention} gives the values, before dropout.
 *
 * In a recorded graph they are computed once for both.
 *
 * @returns `[batch, heads, tokens, tokens]`; each row sums to 1.
 */
export function attentionWeights(query: tf.Tensor4D, key: tf.Tensor4D, bias: tf.Tensor): tf.Tensor4D {
  return tf.tidy(() => {
    const scaled = query.mul<tf.Tensor4D>(1 / Math.sqrt(query.shape[3]));
    return softmaxLast(tf.matMul(scaled, key, false, true).add(bias)) as tf.Tensor4D;
  });
}

const attend = (bias: tf.Tensor, site: DropoutSite | undefined) =>
  tf.customGrad((...inputs) => {
    const [query, key, value, save] = inputs as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    const weights = tf.softmax(tf.matMul(query, key, false, true).add(bias)); // [batch, heads, tokens, tokens]
    const kept = site === undefined ? weights : fusedRegion(() => weights.mul(siteFactors(weights.shape, site)));
    const context = tf.matMul(kept, value); // [batch, heads, tokens, width]
    save([query, key, value, weights, context, ...(site === undefined ? [] : [site.row, site.column])]);

    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [query, key, value, weights, context, row, column] = saved as [tf.Tensor4D, ...tf.Tensor4D[]];
      const sums = gradient.mul(context as tf.Tensor).sum(-1, true); // [batch, heads, tokens, 1]
      const toKept = tf.matMul(gradient, value as tf.Tensor, false, true); // [batch, heads, tokens, tokens]
      const [toScores, kept] = fusedRegion(() => {
        if (site === undefined) return [toKept.sub(sums).mul(weights as tf.Tensor), weights as tf.Tensor];
        const factors = siteFactors(toKept.shape, { ...site, row: row as tf.Tensor, column: column as tf.Tensor });
        return [
          toKept
            .mul(factors)
            .sub(sums)
            .mul(weights as tf.Tensor),
          factors.mul(weights as tf.Tensor),
        ];
      }) as [tf.Tensor, tf.Tensor];
      return [
        tf.matMul(toScores, key as tf.Tensor),
        tf.matMul(toScores, query, true, false),
        tf.matMul(kept, gradient, true, false),
      ];
    };
    return { value: context, gradFunc: gradFunc as never };
  });

/** Softmax over the last axis with the gradient `P·(dP − Σ dP·P)`. */
const softmaxLast = tf.customGrad((...inputs) => {
  const [scores, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
  const weights = tf.softmax(scores);
  save([weights]);
  const gradFunc = (gradient: tf.Tensor, [weights]: tf.Tensor[]): tf.Tensor => {
    // Summed outside the region: compiled code is slow at sums along rows.
    const sums = gradient.mul(weights as tf.Tensor).sum(-1, true);
    return fusedRegion(() => gradient.sub(sums).mul(weights as tf.Tensor));
  };
  return { value: weights, gradFunc: gradFunc as never };
});
