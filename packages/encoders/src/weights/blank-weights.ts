import type { Random } from "@relatum/tensor-utils";

/** Stands for random numbers where the weights are about to be loaded: every draw is 0 and costs nothing. */
export const BLANK_WEIGHTS: Random = {
  uniform: () => 0,
  normal: () => 0,
  integer: () => 0,
  shuffle: (items) => [...items],
  fork: () => BLANK_WEIGHTS,
};
