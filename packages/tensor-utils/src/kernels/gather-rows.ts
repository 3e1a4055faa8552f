import * as tf from "@tensorflow/tfjs";

import { hasNativeOperations, nativeOperation, typeAttribute } from "./native-operation.ts";

/**
 * Takes rows of a table by number.
 *
 * @param table `[rows, …]`.
 * @param indices int32 `[picked]`, each in `0 … rows - 1`; not checked on the native engine.
 * @returns `[picked, …]`.
 */
export function gatherRows(table: tf.Tensor, indices: tf.Tensor1D): tf.Tensor {
  const rowCount = table.shape[0] as number;
  const gather = tf.customGrad((...inputs) => {
    const [table, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    save([indices]);
    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]): tf.Tensor =>
      sumIntoRows(gradient, saved[0] as tf.Tensor1D, rowCount);
    return { value: pickRows(table, indices), gradFunc: gradFunc as never };
  });
  return gather(table);
}

/** tfjs's own gather reads the indices back to check them; the native form does not. */
function pickRows(table: tf.Tensor, indices: tf.Tensor1D): tf.Tensor {
  if (!hasNativeOperations()) return tf.gather(table, indices);
  return tf.tidy(() =>
    nativeOperation(
      "GatherV2",
      {
        batch_dims: 0,
        Tparams: typeAttribute(table.dtype as "float32"),
        Tindices: typeAttribute("int32"),
        Taxis: typeAttribute("int32"),
      },
      [table, indices, tf.scalar(0, "int32")],
    ),
  );
}

/**
 * Adds rows into a table of zeros by row number, the gradient of {@link gatherRows}.
 *
 * @param rows `[picked, …]`.
 * @param indices int32 `[picked]`, each in `0 … rowCount - 1`.
 * @returns `[rowCount, …]`.
 */
export function sumIntoRows(rows: tf.Tensor, indices: tf.Tensor1D, rowCount: number): tf.Tensor {
  if (hasNativeOperations()) return tf.unsortedSegmentSum(rows, indices, rowCount);
  // Elsewhere tfjs goes through all rows once for each row of the table.
  return tf.tidy(() => tf.scatterND(indices.expandDims(1), rows, [rowCount, ...rows.shape.slice(1)]));
}
