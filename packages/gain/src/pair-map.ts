import {
  dropout,
  gatherRows,
  matrixProduct,
  type Mode,
  Module,
  type Random,
  uniformParameter,
} from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import type { GainPairs } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import { activate } from "./graph-convolution.ts";

/** Widths of what a pair is classified from. */
export interface PairMapSizes {
  /** Of an entity's vector. */
  readonly entity: number;
  /** Of the document's vector; 0 = none. */
  readonly document: number;
  /** Of a pair's path vector; 0 = none. */
  readonly path: number;
  readonly output: number;
}

/** What pairs are classified from. */
export interface PairMapInput {
  /** `[documents · entities, entity]`. */
  readonly entities: tf.Tensor2D;
  /** `[documents, document]`. */
  readonly document?: tf.Tensor2D;
  /** `[pairs, path]`. */
  readonly paths?: tf.Tensor2D;
}

/**
 * The first layer of the classifier: the paper's `W_a`, in parts side by side, and `b_a`.
 *
 * In parts, so that what a pair shares with others is mapped once: an entity's vector once an entity, a document's once a
 * document.
 */
export class PairMap extends Module {
  /** `[output, entity]`, and so the next three. */
  readonly head: tf.Variable;
  readonly tail: tf.Variable;
  readonly difference: tf.Variable;
  readonly product: tf.Variable;
  /** `[output, document]`. */
  readonly document?: tf.Variable;
  /** `[output, path]`. */
  readonly path?: tf.Variable;
  /** `[output]`. */
  readonly bias: tf.Variable;
  readonly #settings: Pick<GainConfig, "activation" | "dropout">;

  /** Starts as PyTorch would start the whole: uniform in ±1/√(all inputs). */
  constructor(
    { entity, document, path, output }: PairMapSizes,
    settings: Pick<GainConfig, "activation" | "dropout">,
    random: Random,
  ) {
    super();
    const bound = 1 / Math.sqrt(4 * entity + document + path);
    const part = (name: string, size: number): tf.Variable =>
      uniformParameter([output, size], random.fork(name), bound);
    this.head = part("head", entity);
    this.tail = part("tail", entity);
    this.difference = part("difference", entity);
    this.product = part("product", entity);
    if (document > 0) this.document = part("document", document);
    if (path > 0) this.path = part("path", path);
    this.bias = uniformParameter([output], random.fork("bias"), bound);
    this.#settings = settings;
  }

  /**
   * Maps what is known of each pair to one vector.
   *
   * Paper → code: `I_{h,t}` → the input, which is never put together, `W_a` → the parts.
   *
   * @returns `[pairs, output]`, after σ.
   * @equation GAIN eq. 11 (Classification Module)
   */
  apply({ entities, document, paths }: PairMapInput, pairs: GainPairs, mode: Mode): tf.Tensor2D {
    return tf.tidy(() => {
      const head = gatherRows(entities, pairs.heads) as tf.Tensor2D; // [pairs, entity]
      const tail = gatherRows(entities, pairs.tails) as tf.Tensor2D; // [pairs, entity]
      let sum = gatherRows(times(entities, this.head), pairs.heads) // [pairs, output]
        .add<tf.Tensor2D>(gatherRows(times(entities, this.tail), pairs.tails))
        .add<tf.Tensor2D>(times(head.sub<tf.Tensor2D>(tail).abs(), this.difference))
        .add<tf.Tensor2D>(times(head.mul(tail), this.product));
      if (document && this.document) sum = sum.add(gatherRows(times(document, this.document), pairs.documents));
      if (paths && this.path) sum = sum.add(times(paths, this.path));
      return dropout(
        activate(sum.add<tf.Tensor2D>(this.bias), this.#settings.activation),
        this.#settings.dropout,
        mode,
      );
    });
  }
}

/** `rows · weightᵀ`. */
function times(rows: tf.Tensor2D, weight: tf.Variable): tf.Tensor2D {
  return matrixProduct(rows, weight as unknown as tf.Tensor2D, { transposeRight: true });
}
