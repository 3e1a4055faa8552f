import { gelu, tanhGelu } from "@relatum/tensor-utils";
import type * as tf from "@tensorflow/tfjs";

/** What a transformer applies between its two feed-forward maps, by Hugging Face's name; `gelu_new` is the tanh form. */
export type Activation = "gelu" | "gelu_new" | "relu";

/**
 * Applies an activation to every value.
 *
 * @returns As the input.
 */
export function activate<T extends tf.Tensor>(input: T, activation: Activation): T {
  if (activation === "gelu") return gelu(input);
  return activation === "gelu_new" ? tanhGelu(input) : input.relu();
}
