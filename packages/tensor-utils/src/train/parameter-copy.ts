import * as tf from "@tensorflow/tfjs";

import type { NamedTensors } from "../module.ts";

/** A copy of parameters as they were at some moment. */
export class ParameterCopy {
  #copies = new Map<string, tf.Tensor>();

  /** The copied values by name; empty before the first {@link take}. */
  get tensors(): NamedTensors {
    return this.#copies;
  }

  /** Copies values in place of the copy before. */
  take(parameters: NamedTensors): void {
    this.dispose();
    // A clone shares memory with the parameter until that is assigned anew.
    this.#copies = new Map([...parameters].map(([name, parameter]) => [name, tf.clone(parameter)]));
  }

  /** Writes the copy back. */
  putBack(parameters: ReadonlyMap<string, tf.Variable>): void {
    for (const [name, copy] of this.#copies) parameters.get(name)?.assign(copy);
  }

  /** Frees the copy. */
  dispose(): void {
    tf.dispose([...this.#copies.values()]);
    this.#copies = new Map();
  }
}
