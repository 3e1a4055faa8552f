import * as tf from "@tensorflow/tfjs";

import { fusedRegion } from "./fused-region.ts";
import { addBias, sumRows } from "./linear.ts";

/**
 * Layer normalisation over the last axis.
 *
 * @param input `[…, width]`.
 * @param gain `[width]`.
 * @param shift `[width]`.
 * @param epsilon Added to the variance.
 * @returns As the input.
 */
export function layerNorm<T extends tf.Tensor>(input: T, gain: tf.Tensor, shift: tf.Tensor, epsilon: number): T {
  return normalise(epsilon)(input, gain, shift) as T;
}

const normalise = (epsilon: number) =>
  tf.customGrad((...inputs) => {
    const [input, gain, shift, save] = inputs as [tf.Tensor, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const { normal, inverse, value } = fusedRegion(() => {
      const { centred, inverse } = statistics(input, epsilon);
      const normal = centred.mul(inverse); // […, width]
      return { normal, inverse, value: addBias(normal.mul(gain), shift) };
    });
    save([normal, inverse, gain]);
    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [normal, inverse, gain] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const inputGradient = fusedRegion(() => {
        const scaled = gradient.mul(gain); // […, width]
        const along = normal.mul(scaled.mul(normal).mean(-1, true)); // […, width]
        return scaled.sub(scaled.mean(-1, true)).sub(along).mul(inverse);
      });
      return [inputGradient, sumRows(gradient.mul(normal)), sumRows(gradient)];
    };
    return { value, gradFunc: gradFunc as never };
  });

function statistics(input: tf.Tensor, epsilon: number): { centred: tf.Tensor; inverse: tf.Tensor } {
  const centred = input.sub(input.mean(-1, true)); // […, width]
  const variance = centred.square().mean(-1, true); // […, 1]
  return { centred, inverse: variance.add(epsilon).rsqrt() };
}
