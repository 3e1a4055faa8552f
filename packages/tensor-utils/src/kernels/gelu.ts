import * as tf from "@tensorflow/tfjs";

import { fusedRegion } from "./fused-region.ts";

/** √(1/2π), the height of the normal density. */
const DENSITY = 0.3989422804014327;

/**
 * GELU in the exact form, `x·Φ(x)`, as BERT and RoBERTa use it.
 *
 * @returns As the input.
 */
export function gelu<T extends tf.Tensor>(input: T): T {
  return exactGelu(input) as T;
}

const exactGelu = tf.customGrad((...inputs) => {
  const [input, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
  save([input]);
  const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
    const [input] = saved as [tf.Tensor];
    return fusedRegion(() => {
      const density = input.square().mul(-0.5).exp().mul(DENSITY);
      return gradient.mul(cumulative(input).add(input.mul(density)));
    });
  };
  return { value: fusedRegion(() => input.mul(cumulative(input))), gradFunc: gradFunc as never };
});

/** Φ(x), the normal distribution function. */
function cumulative(input: tf.Tensor): tf.Tensor {
  return input.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
}

/**
 * GELU in the tanh approximation, as ALBERT uses it (`gelu_new`).
 *
 * @returns As the input.
 */
export function tanhGelu<T extends tf.Tensor>(input: T): T {
  return tf.tidy(() => {
    const inner = input.add(input.pow(3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
    return input.mul(0.5).mul(inner.tanh().add(1)) as T;
  });
}
