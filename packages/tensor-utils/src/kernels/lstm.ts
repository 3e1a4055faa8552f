import * as tf from "@tensorflow/tfjs";

import { axisSizes } from "../shapes.ts";
import { linear, multiply } from "./linear.ts";
import { scan } from "./scan.ts";

/** The weights of one direction; gates lie in PyTorch's order: input, forget, cell, output. */
export interface LstmWeights {
  /** `[4 · hidden, inputSize]`. */
  readonly inputWeight: tf.Tensor;
  /** `[4 · hidden, hidden]`. */
  readonly stateWeight: tf.Tensor;
  /** `[4 · hidden]`. */
  readonly inputBias: tf.Tensor;
  /** `[4 · hidden]`, added to `inputBias`: PyTorch has two. */
  readonly stateBias: tf.Tensor;
}

/** The weights of a {@link bidirectionalLstm}, equal in shape. */
export interface LstmDirections {
  readonly forward: LstmWeights;
  readonly backward: LstmWeights;
}

/** What {@link bidirectionalLstm} gives back. */
export interface LstmResult {
  /** Outputs, forward then backward, 0 at padding `[batch, tokens, 2 · hidden]`. */
  readonly hidden: tf.Tensor3D;
  /** The forward output at the last token and the backward output at the first `[batch, 2 · hidden]`; 0 for a row of padding. */
  readonly last: tf.Tensor2D;
}

/**
 * A long short-term memory that reads each row forwards and backwards.
 *
 * The two readings are one product of all inputs and two recurrences, which a recorded graph runs side by side.
 *
 * @param input `[batch, tokens, inputSize]`.
 * @param mask 1 = token, 0 = padding, which must lie behind the tokens `[batch, tokens]`.
 * @throws {ShapeError} If shapes do not fit.
 */
export function bidirectionalLstm(
  input: tf.Tensor3D,
  mask: tf.Tensor2D,
  { forward, backward }: LstmDirections,
): LstmResult {
  const { batch, tokens, inputSize } = axisSizes("input", input, ["batch", "tokens", "inputSize"]);
  axisSizes("mask", mask, ["batch", "tokens"], { batch, tokens });
  requireFit("forward", forward, inputSize);
  requireFit("backward", backward, inputSize);

  return tf.tidy(() => {
    const steps = input.transpose<tf.Tensor3D>([1, 0, 2]); // [tokens, batch, inputSize]
    const kept = mask.cast("float32").transpose<tf.Tensor2D>().expandDims<tf.Tensor3D>(2); // [tokens, batch, 1]
    const weight = tf.concat([forward.inputWeight, backward.inputWeight]); // [8 · hidden, inputSize]
    const bias = tf.concat([forward, backward].map(({ inputBias, stateBias }) => inputBias.add(stateBias)));
    const gates = tf.split(linear(steps, weight, bias), 2, 2) as [tf.Tensor3D, tf.Tensor3D]; // [tokens, batch, 4 · hidden]

    const there = recurrence(kept, false)(gates[0], forward.stateWeight); // [tokens, batch, hidden]
    const back = recurrence(kept, true)(gates[1], backward.stateWeight); // as there
    const hidden = tf.concat([there, back], 2).transpose([1, 0, 2]); // [batch, tokens, 2 · hidden]
    const last = tf.concat([there.mul(lastTokens(kept)).sum(0), back.slice(0, 1).squeeze([0])], 1);
    return { hidden, last } as unknown as tf.TensorContainer;
  }) as unknown as LstmResult;
}

/** The outputs of one direction, from what the inputs add to the gates, and the weight of the state. */
const recurrence = (kept: tf.Tensor, backwards: boolean) =>
  tf.customGrad((...inputs) => {
    const [gates, weight, save] = inputs as [tf.Tensor3D, tf.Tensor2D, tf.GradSaveFunc];
    const { hidden, active, hiddenBefore, cellBefore } = readOn({ gates, kept, weight, backwards });
    save([weight, hiddenBefore, active, cellBefore, kept]);
    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [weight, hiddenBefore, ...sequences] = saved as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
      const [rows, columns] = weight.shape as [number, number];
      const gatesGradient = readBack([gradient, ...sequences], weight, !backwards); // [tokens, batch, 4 · hidden]
      // The weight is used at every step, but its gradient is one product over all of them.
      const [left, right] = [gatesGradient.reshape([-1, rows]), hiddenBefore.reshape([-1, columns])];
      return [gatesGradient, multiply(left, right, { transposeLeft: true })];
    };
    return { value: hidden, gradFunc: gradFunc as never };
  });

/** One reading of all rows. */
interface Reading {
  /** What the inputs add to the gates `[tokens, batch, 4 · hidden]`. */
  readonly gates: tf.Tensor;
  /** `[tokens, batch, 1]`. */
  readonly kept: tf.Tensor;
  /** `[4 · hidden, hidden]`. */
  readonly weight: tf.Tensor;
  readonly backwards: boolean;
}

/** What a reading leaves, the last three for its gradient `[tokens, batch, …]`. */
type ReadingResult = Readonly<Record<"hidden" | "active" | "hiddenBefore" | "cellBefore", tf.Tensor>>;

/** Reads the rows; at padding the state is zero, so that the backward direction starts at the last token. */
function readOn({ gates, kept, weight, backwards }: Reading): ReadingResult {
  const [, batch] = gates.shape as [number, number];
  const across = weight.transpose(); // [hidden, 4 · hidden]
  const zero = tf.fill([batch, across.shape[0] as number], 0);
  const { outputs } = scan(
    (state, rows) => {
      const [hiddenBefore, cellBefore] = state as [tf.Tensor, tf.Tensor];
      const [added, kept] = rows as [tf.Tensor, tf.Tensor];
      const [input, forget, candidate, output] = quarters(added.add(tf.matMul(hiddenBefore, across)));
      const active = [input.sigmoid(), forget.sigmoid(), candidate.tanh(), output.sigmoid()] as const;
      const cell = active[1].mul(cellBefore).add(active[0].mul(active[2])).mul(kept);
      const hidden = active[3].mul(cell.tanh()); // 0 where the cell is
      return { state: [hidden, cell], outputs: [hidden, tf.concat([...active], 1), hiddenBefore, cellBefore] };
    },
    { start: [zero, zero], sequences: [gates, kept], backwards },
  );
  const [hidden, active, hiddenBefore, cellBefore] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  return { hidden, active, hiddenBefore, cellBefore };
}

/**
 * The gradient for the gates before their activations `[tokens, batch, 4 · hidden]`.
 *
 * @param sequences The gradient for the outputs, the gates after their activations, the cells that each step found, and
 *   which steps are tokens.
 */
function readBack(sequences: readonly tf.Tensor[], weight: tf.Tensor, backwards: boolean): tf.Tensor {
  const [, batch] = (sequences[0] as tf.Tensor).shape as [number, number];
  const zero = tf.fill([batch, weight.shape[1] as number], 0);
  const { outputs } = scan(
    (state, rows) => {
      const [hiddenLater, cellLater] = state as [tf.Tensor, tf.Tensor];
      const [outer, active, cellBefore, kept] = rows as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const [input, forget, candidate, output] = quarters(active);
      const squashed = forget.mul(cellBefore).add(input.mul(candidate)).tanh();
      const hidden = outer.add(hiddenLater).mul(kept);
      const cell = cellLater.add(hidden.mul(output).mul(tf.sub(1, squashed.square()))).mul(kept);
      const gates = tf.concat(
        [
          cell.mul(candidate).mul(sigmoidSlope(input)),
          cell.mul(cellBefore).mul(sigmoidSlope(forget)),
          cell.mul(input).mul(tf.sub(1, candidate.square())),
          hidden.mul(squashed).mul(sigmoidSlope(output)),
        ],
        1,
      ); // [batch, 4 · hidden]
      return { state: [tf.matMul(gates, weight), cell.mul(forget)], outputs: [gates] };
    },
    { start: [zero, zero], sequences, backwards },
  );
  return outputs[0] as tf.Tensor;
}

/** The derivative of a sigmoid, from its value. */
function sigmoidSlope(value: tf.Tensor): tf.Tensor {
  return value.mul(tf.sub(1, value));
}

/** The gates of `[batch, 4 · hidden]`. */
function quarters(gates: tf.Tensor): [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor] {
  return tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
}

/** 1 at the last token of each row `[tokens, batch, 1]`. */
function lastTokens(kept: tf.Tensor3D): tf.Tensor3D {
  const next = tf.concat([kept.slice(1), tf.zerosLike(kept.slice(0, 1))]); // [tokens, batch, 1]
  return kept.sub(next);
}

function requireFit(direction: string, weights: LstmWeights, inputSize: number): void {
  const hidden = weights.stateWeight.shape.at(-1) as number;
  const gates = 4 * hidden;
  const check = (name: keyof LstmWeights, axes: readonly string[], known: Record<string, number>): void => {
    axisSizes(`${direction}.${name}`, weights[name], axes, known);
  };
  check("stateWeight", ["4 · hidden", "hidden"], { "4 · hidden": gates, hidden });
  check("inputWeight", ["4 · hidden", "inputSize"], { "4 · hidden": gates, inputSize });
  check("inputBias", ["4 · hidden"], { "4 · hidden": gates });
  check("stateBias", ["4 · hidden"], { "4 · hidden": gates });
}
