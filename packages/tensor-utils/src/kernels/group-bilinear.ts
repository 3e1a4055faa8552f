import * as tf from "@tensorflow/tfjs";

import { axisSizes, ShapeError } from "../shapes.ts";

/**
 * A bilinear form within each of k equal blocks of the two inputs, summed over the blocks.
 *
 * The outer products of one block at a time are held, and computed again for the gradient: memory grows with
 * `pairs · blockSize²` instead of `pairs · pairSize · blockSize`.
 *
 * @param head `[pairs, pairSize]`.
 * @param tail `[pairs, pairSize]`.
 * @param weight `[labels, pairSize · blockSize]`; column `(block · blockSize + i) · blockSize + j` weighs head i, tail j.
 * @returns `[pairs, labels]`.
 */
export function groupBilinear(head: tf.Tensor2D, tail: tf.Tensor2D, weight: tf.Tensor2D): tf.Tensor2D {
  const { pairs, width } = axisSizes("head", head, ["pairs", "width"]);
  axisSizes("tail", tail, ["pairs", "width"], { pairs, width });
  const blockSize = (weight.shape[1] as number) / width;
  if (!Number.isInteger(blockSize) || width % blockSize !== 0) {
    throw new ShapeError("weight", `labels, ${width} · blockSize`, weight.shape);
  }
  const form = blockForm(width / blockSize, blockSize, weight.shape[0]);
  return form(head, tail, weight) as tf.Tensor2D;
}

const blockForm = (blocks: number, blockSize: number, labels: number) =>
  tf.customGrad((...inputs) => {
    const [head, tail, weight, save] = inputs as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([head, tail, weight]);
    const parts = range(blocks).map((block) =>
      tf.tidy(() => {
        const products = outerProducts(columns(head, block, blockSize), columns(tail, block, blockSize));
        return tf.matMul(products, columns(weight, block, blockSize ** 2), false, true); // [pairs, labels]
      }),
    );
    const value = parts.reduce((sum: tf.Tensor, part) => sum.add(part)); // one by one: a fixed order
    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [head, tail, weight] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const parts = range(blocks).map((block) =>
        blockGradients(gradient as tf.Tensor2D, {
          head: columns(head, block, blockSize),
          tail: columns(tail, block, blockSize),
          weight: columns(weight, block, blockSize ** 2),
        }),
      );
      return [0, 1, 2].map((index) =>
        tf.concat(
          parts.map((part) => part[index] as tf.Tensor2D),
          1,
        ),
      );
    };
    return { value: value.reshape([head.shape[0], labels]), gradFunc: gradFunc as never };
  });

/** Gradients of one block for head `[pairs, blockSize]`, tail `[pairs, blockSize]` and weight `[labels, blockSize²]`. */
function blockGradients(
  gradient: tf.Tensor2D,
  { head, tail, weight }: { head: tf.Tensor2D; tail: tf.Tensor2D; weight: tf.Tensor2D },
): tf.Tensor2D[] {
  const [pairs, blockSize] = head.shape;
  const products = outerProducts(head, tail);
  const cells = tf.matMul(gradient, weight).reshape<tf.Tensor3D>([pairs, blockSize, blockSize]); // [pairs, head, tail]
  return [
    tf.matMul(cells, tail.expandDims<tf.Tensor3D>(2)).reshape([pairs, blockSize]),
    tf.matMul(head.expandDims<tf.Tensor3D>(1), cells).reshape([pairs, blockSize]),
    tf.matMul(gradient, products, true, false),
  ];
}

/** `[pairs, size]` × `[pairs, size]` → `[pairs, size²]`. */
function outerProducts(head: tf.Tensor2D, tail: tf.Tensor2D): tf.Tensor2D {
  const [pairs, size] = head.shape;
  return head
    .expandDims(2)
    .mul(tail.expandDims(1))
    .reshape([pairs, size * size]);
}

function columns(matrix: tf.Tensor2D, block: number, size: number): tf.Tensor2D {
  return matrix.slice([0, block * size], [-1, size]);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
