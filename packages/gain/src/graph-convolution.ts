import {
  constantParameter,
  dropout,
  matrixProduct,
  type Mode,
  Module,
  type Random,
  uniformParameter,
} from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { GainConfig } from "./config.ts";

/** PyTorch's factor for weights before a relu. */
const GAIN = Math.SQRT2;

/** One layer of graph convolution with a matrix for each kind of edge, and one for the node itself. */
export class GraphConvolution extends Module {
  /** The paper's `W_k` `[edges, size, size]`: the vector of a neighbour times it. */
  readonly weight: tf.Variable;
  /** Weighs the node's own vector `[size, size]`. */
  readonly selfWeight: tf.Variable;
  /** `[size]`. */
  readonly bias: tf.Variable;
  readonly #settings: Pick<GainConfig, "activation" | "dropout">;

  /**
   * Starts as the authors' code does: weights by the rule of Glorot, biases zero.
   *
   * @param edges How many kinds of edges there are.
   */
  constructor(size: number, edges: number, settings: Pick<GainConfig, "activation" | "dropout">, random: Random) {
    super();
    // PyTorch's rule takes the second axis for the inputs and the last for the size of a window.
    const bound = GAIN * Math.sqrt(6 / (size * size + edges * size));
    this.weight = uniformParameter([edges, size, size], random, bound);
    this.selfWeight = uniformParameter([size, size], random, GAIN * Math.sqrt(6 / (2 * size)));
    this.bias = constantParameter([size], 0);
    this.#settings = settings;
  }

  /**
   * Lets every node hear its neighbours.
   *
   * As in the authors' code, the sum over neighbours is a mean, kinds of edges share one bias, and the node hears itself.
   *
   * @param nodes `[documents, nodes, size]`.
   * @param neighbourShares `[documents, nodes · edges, nodes]`.
   * @returns `[documents, nodes, size]`.
   * @equation GAIN eq. 3 (Mention-level Graph Aggregation Module)
   */
  apply(nodes: tf.Tensor3D, neighbourShares: tf.Tensor3D, mode: Mode): tf.Tensor3D {
    const [documents, nodeCount, size] = nodes.shape;
    return tf.tidy(() => {
      const heard = tf.matMul(neighbourShares, nodes).reshape<tf.Tensor2D>([documents * nodeCount, -1]); // [nodes, edges · size]
      const fromNeighbours = matrixProduct(heard, this.weight.reshape<tf.Tensor2D>([-1, size]));
      const fromSelf = matrixProduct(nodes.reshape<tf.Tensor2D>([-1, size]), this.selfWeight as unknown as tf.Tensor2D);
      const sum = fromNeighbours.add<tf.Tensor2D>(fromSelf).add<tf.Tensor2D>(this.bias); // [documents · nodes, size]
      const active = activate(sum, this.#settings.activation).reshape<tf.Tensor3D>([documents, nodeCount, size]);
      return dropout(active, this.#settings.dropout, mode);
    });
  }
}

/** The paper's σ. */
export function activate<T extends tf.Tensor>(values: T, activation: GainConfig["activation"]): T {
  return activation === "relu" ? values.relu() : values.tanh();
}
