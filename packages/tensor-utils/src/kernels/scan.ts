import * as tf from "@tensorflow/tfjs";

import { fusedRegion } from "./fused-region.ts";
import { nativeOperation, typeAttribute } from "./native-operation.ts";

/** What one step of a {@link scan} gives. */
export interface ScanStep {
  /** The state after the step; shapes as before it. */
  readonly state: readonly tf.Tensor[];
  /** One row of each output. */
  readonly outputs: readonly tf.Tensor[];
}

/** What a {@link scan} works on. */
export interface ScanInput {
  /** The state before the first step. */
  readonly start: readonly tf.Tensor[];
  /** `[steps, …]` each; a step sees one row of each. */
  readonly sequences: readonly tf.Tensor[];
  /** Takes the rows from the last to the first; outputs lie where their rows lay. */
  readonly backwards: boolean;
}

/** Takes the place of {@link scan}'s own loop while a graph is being recorded. */
export interface LoopRecorder {
  /**
   * Writes down a loop.
   *
   * @param state Tensors before the first turn.
   * @param goesOn Gives bool `[]` for a state.
   * @param next Gives the state after a turn; shapes must stay.
   * @returns The state at the end.
   */
  loop(
    state: readonly tf.Tensor[],
    goesOn: (state: readonly tf.Tensor[]) => tf.Tensor,
    next: (state: readonly tf.Tensor[]) => readonly tf.Tensor[],
  ): tf.Tensor[];
}

let recorder: LoopRecorder | undefined;

/** Sets or removes what records the loops of {@link scan}; the recorder alone calls this. */
export function setLoopRecorder(next: LoopRecorder | undefined): void {
  recorder = next;
}

/**
 * Repeats a computation along a sequence, each step on the state that the step before has left.
 *
 * A recorded graph holds the step once, in a loop compiled to machine code, however long the sequence. No gradient is
 * attached.
 *
 * @param step Takes the state and the rows of its place; must be pure.
 * @returns The last state, and outputs of `[steps, …]` each.
 */
export function scan(
  step: (state: readonly tf.Tensor[], rows: readonly tf.Tensor[]) => ScanStep,
  input: ScanInput,
): ScanStep {
  const loops = recorder;
  return tf.tidy(
    () => (loops === undefined ? repeat(step, input) : recordLoop(loops, step, input)) as unknown as tf.TensorContainer,
  ) as unknown as ScanStep;
}

type Step = Parameters<typeof scan>[0];

function repeat(step: Step, { start, sequences, backwards }: ScanInput): ScanStep {
  const unstacked = sequences.map((sequence) => tf.unstack(sequence));
  const places = Array.from({ length: stepCount(sequences) }, (_, place) => place);
  const kept: (readonly tf.Tensor[])[] = [];
  let state = start;
  for (const place of backwards ? places.toReversed() : places) {
    const rows = unstacked.map((sequence) => sequence[place] as tf.Tensor);
    const result = tf.tidy(() => step(state, rows) as unknown as tf.TensorContainer) as unknown as ScanStep;
    kept[place] = result.outputs;
    ({ state } = result);
  }
  const outputs = (kept[0] ?? []).map((_, index) => tf.stack(kept.map((row) => row[index] as tf.Tensor)));
  return { state, outputs };
}

function recordLoop(loops: LoopRecorder, step: Step, { start, sequences, backwards }: ScanInput): ScanStep {
  const steps = stepCount(sequences);
  const number = (value: number): tf.Scalar => tf.scalar(value, "int32");
  return fusedRegion(() => {
    // For the shapes of the outputs alone: nothing takes its results, so that the graph leaves it out.
    const sample = step(
      start,
      sequences.map((sequence) => readRow(sequence, number(0))),
    );
    const blank = sample.outputs.map(({ shape }) => tf.fill([steps, ...shape], 0));

    const goesOn = ([turn]: readonly tf.Tensor[]): tf.Tensor => (turn as tf.Tensor).less(number(steps));
    const next = ([turn, ...rest]: readonly tf.Tensor[]): readonly tf.Tensor[] => {
      const place = (backwards ? number(steps - 1).sub(turn as tf.Tensor) : turn) as tf.Tensor; // []
      const rows = sequences.map((sequence) => readRow(sequence, place));
      const { state, outputs } = step(rest.slice(0, start.length), rows);
      const written = rest
        .slice(start.length)
        .map((array, index) => writeRow(array, outputs[index] as tf.Tensor, place));
      return [(turn as tf.Tensor).add(number(1)), ...state, ...written];
    };
    const [, ...end] = loops.loop([number(0), ...start, ...blank], goesOn, next);
    return { state: end.slice(0, start.length), outputs: end.slice(start.length) };
  });
}

function stepCount([first]: readonly tf.Tensor[]): number {
  return (first as tf.Tensor).shape[0] as number;
}

/** Row `place` of `[steps, …]`, where the place is known to the graph alone. */
function readRow(sequence: tf.Tensor, place: tf.Tensor): tf.Tensor {
  const [, ...rowShape] = sequence.shape;
  const attributes = { T: typeAttribute("float32"), Index: typeAttribute("int32") };
  const size = tf.tensor1d([1, ...rowShape], "int32");
  return nativeOperation("Slice", attributes, [sequence, firstCell(place, sequence.rank), size]).reshape(rowShape);
}

/** The array with its row `place` replaced. */
function writeRow(array: tf.Tensor, row: tf.Tensor, place: tf.Tensor): tf.Tensor {
  const attributes = { T: typeAttribute("float32"), Tindices: typeAttribute("int32") };
  return nativeOperation("XlaDynamicUpdateSlice", attributes, [array, row.expandDims(0), firstCell(place, array.rank)]);
}

/** `[place, 0, …, 0]`. */
function firstCell(place: tf.Tensor, rank: number): tf.Tensor {
  return tf.stack([place, ...Array.from({ length: rank - 1 }, () => tf.scalar(0, "int32"))]);
}
