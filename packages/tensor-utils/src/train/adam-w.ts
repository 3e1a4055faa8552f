import * as tf from "@tensorflow/tfjs";

import { fusedRegion } from "../kernels/fused-region.ts";
import type { NamedTensors } from "../module.ts";
import { ShapeError } from "../shapes.ts";
import type { Schedule } from "./schedule.ts";

/** Parameters that share a learning rate; each parameter belongs to the first group that its name matches. */
export interface ParameterGroup {
  readonly match: RegExp;
  readonly learningRate: number;
  /** Share of each value taken away per step, times the learning rate; 0 without it. */
  readonly weightDecay?: number;
}

/** What {@link AdamW} does beside its groups. */
export interface AdamWOptions {
  /** Longest gradient, as the norm over all parameters together; longer ones are scaled down to it. */
  readonly clipNorm?: number;
  /** Multiplies every learning rate; 1 throughout without it. */
  readonly schedule?: Schedule;
  /** How much of the running mean of gradients, and of their squares, is kept at each step. */
  readonly betas?: readonly [mean: number, meanSquare: number];
  /** Added to the root of the running mean of squares. */
  readonly epsilon?: number;
  /** Makes up for the running means starting at 0; on unless false. */
  readonly correctBias?: boolean;
  /**
   * Whose arithmetic: Hugging Face's takes the decay after the move and adds `epsilon` before the correction of the root,
   * PyTorch's takes the decay first and adds `epsilon` after it. `huggingface` without it.
   */
  readonly form?: "huggingface" | "torch";
}

/** All that an optimizer remembers from step to step. */
export interface OptimizerState {
  /** Steps done. */
  readonly step: number;
  /** Running means: `NAME/mean` and `NAME/meanSquare` for each parameter, shaped as it is. */
  readonly moments: NamedTensors;
}

/** Keeps the clipping coefficient finite, as PyTorch does. */
const CLIP_EPSILON = 1e-6;

/** Values of parameters whose update is computed at once: 64 MiB. */
const PART_VALUES = 2 ** 24;

interface Slot {
  readonly parameter: tf.Variable;
  readonly mean: tf.Variable;
  readonly meanSquare: tf.Variable;
  readonly learningRate: number;
  readonly weightDecay: number;
}

/**
 * Adam with decoupled weight decay, in the form of Hugging Face's AdamW or of PyTorch's.
 *
 * A step is made of pure functions of tensors, {@link norm} and {@link update}, so that they can be recorded graphs; what
 * changes from step to step enters as the small tensor {@link scalars}, and {@link assign} writes the results. The
 * parameters are updated in {@link parts}: the new values of all of them at once would take as much memory again.
 */
export class AdamW {
  /** The parameters it trains, by name: the trainable ones among those given. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #slots: ReadonlyMap<string, Slot>;
  readonly #groups: readonly ParameterGroup[];
  readonly #options: Required<Omit<AdamWOptions, "clipNorm">> & Pick<AdamWOptions, "clipNorm">;
  #step = 0;

  /**
   * @param parameters Stay the caller's.
   * @throws {RangeError} If a parameter matches no group or a setting is impossible.
   */
  constructor(
    parameters: ReadonlyMap<string, tf.Variable>,
    groups: readonly ParameterGroup[],
    options: AdamWOptions = {},
  ) {
    this.#options = {
      schedule: () => 1,
      betas: [0.9, 0.999],
      epsilon: 1e-6,
      correctBias: true,
      form: "huggingface",
      ...options,
    };
    checkSettings(groups, this.#options);
    this.#groups = groups;
    this.parameters = new Map([...parameters].filter(([, parameter]) => parameter.trainable));
    const chosen = [...this.parameters].map(([name, parameter]) => ({
      name,
      parameter,
      group: findGroup(groups, name),
    }));
    this.#slots = new Map(chosen.map(({ name, parameter, group }) => [name, createSlot(parameter, group)]));
  }

  /** Steps done. */
  get stepCount(): number {
    return this.#step;
  }

  /** What the schedule multiplies the learning rates by in the next step. */
  get multiplier(): number {
    return this.#options.schedule(this.#step);
  }

  /** The settings in words, to tell one optimizer from another. */
  get description(): string {
    const groups = this.#groups.map(({ match, learningRate, weightDecay = 0 }) => [
      String(match),
      learningRate,
      weightDecay,
    ]);
    const { betas, epsilon, correctBias, clipNorm, form } = this.#options;
    // Left out where it is the first form there was, so that older checkpoints still fit.
    return JSON.stringify({ groups, betas, epsilon, correctBias, clipNorm, ...(form === "torch" && { form }) });
  }

  /** Names of parameters to update together: few enough to take little memory, each a part of its own if it is large. */
  parts(): string[][] {
    const parts: string[][] = [];
    let room = 0;
    for (const [name, { size }] of this.parameters) {
      const last = parts.at(-1);
      if (last !== undefined && size <= room) {
        last.push(name);
        room -= size;
      } else {
        parts.push([name]);
        room = PART_VALUES - size;
      }
    }
    return parts;
  }

  /** All that an update of some parameters, or of all, reads and writes, in the order of what {@link update} returns. */
  variables(names: readonly string[] = [...this.parameters.keys()]): tf.Variable[] {
    return names.flatMap((name) => {
      const { parameter, mean, meanSquare } = this.#slots.get(name) as Slot;
      return [parameter, mean, meanSquare];
    });
  }

  /**
   * Creates the numbers of the next step.
   *
   * @returns Multiplier of the learning rates and the two bias corrections `[3]`; the caller disposes of it.
   */
  scalars(): tf.Tensor1D {
    const { betas, correctBias } = this.#options;
    const corrections = betas.map((beta) => (correctBias ? 1 - beta ** (this.#step + 1) : 1));
    return tf.tensor1d([this.multiplier, ...corrections]);
  }

  /** Measures the gradients of all parameters as one vector `[]`, before clipping. */
  norm(gradients: NamedTensors): tf.Scalar {
    return tf.tidy(() => globalNorm([...gradients.values()]) as tf.Scalar);
  }

  /**
   * Computes the update of some parameters without making it.
   *
   * @param names Of the parameters.
   * @param gradients By parameter name; a parameter without one is left as it is, its running means too.
   * @param step Numbers of the step: `scalars` `[3]` from {@link scalars}, `norm` `[]` from {@link norm}.
   * @returns A new value for each of {@link variables}.
   */
  update(
    names: readonly string[],
    gradients: NamedTensors,
    { scalars, norm }: { readonly scalars: tf.Tensor1D; readonly norm: tf.Scalar },
  ): tf.Tensor[] {
    return tf.tidy(() => {
      const { clipNorm } = this.#options;
      const clip = clipNorm === undefined ? undefined : tf.div(clipNorm, norm.add(CLIP_EPSILON)).minimum(1); // []
      return names.flatMap((name) =>
        this.#updateSlot(this.#slots.get(name) as Slot, gradients.get(name), scalars, clip),
      ) as unknown as tf.TensorContainer;
    }) as tf.Tensor[];
  }

  /**
   * Makes the update of some parameters.
   *
   * @param values A new value for each of {@link variables}; the caller keeps them.
   */
  assign(names: readonly string[], values: readonly tf.Tensor[]): void {
    for (const [index, variable] of this.variables(names).entries()) variable.assign(values[index] as tf.Tensor);
  }

  /** Counts a step, once all of its parts are assigned. */
  finishStep(): void {
    this.#step += 1;
  }

  /**
   * Takes one step.
   *
   * @param gradients By parameter name; the caller keeps them.
   */
  step(gradients: NamedTensors): void {
    tf.tidy(() => {
      const step = { scalars: this.scalars(), norm: this.norm(gradients) };
      for (const names of this.parts()) this.assign(names, this.update(names, gradients, step));
    });
    this.finishStep();
  }

  /** Gives the state to save; its tensors are the optimizer's own, valid until the next step. */
  state(): OptimizerState {
    const moments = [...this.#slots].flatMap(([name, { mean, meanSquare }]): [string, tf.Tensor][] => [
      [`${name}/mean`, mean],
      [`${name}/meanSquare`, meanSquare],
    ]);
    return { step: this.#step, moments: new Map(moments) };
  }

  /**
   * Copies a saved state.
   *
   * @throws {RangeError} If a running mean is missing; nothing has been changed then.
   * @throws {ShapeError} If a shape differs; nothing has been changed then.
   */
  restore({ step, moments }: OptimizerState): void {
    const pairs = [...this.state().moments].map(([name, variable]) => {
      const moment = moments.get(name);
      if (moment === undefined) throw new RangeError(`moments must hold "${name}", got none of that name.`);
      if (!tf.util.arraysEqual(moment.shape, variable.shape)) {
        throw new ShapeError(name, variable.shape.join(", "), moment.shape);
      }
      return [variable as tf.Variable, moment] as const;
    });
    // A variable that is assigned itself would free its own values.
    for (const [variable, moment] of pairs) if (variable !== moment) variable.assign(moment);
    this.#step = step;
  }

  /** Frees the running means; the parameters stay. */
  dispose(): void {
    for (const { mean, meanSquare } of this.#slots.values()) tf.dispose([mean, meanSquare]);
  }

  /** New values of parameter, mean and mean of squares. */
  #updateSlot(
    slot: Slot,
    gradient: tf.Tensor | undefined,
    scalars: tf.Tensor1D,
    clip: tf.Tensor | undefined,
  ): tf.Tensor[] {
    const { parameter, learningRate, weightDecay } = slot;
    // A product with 1 rather than the variable itself: a recorded graph cannot give back its own input.
    if (gradient === undefined) return [parameter.mul(1), slot.mean.mul(1), slot.meanSquare.mul(1)];
    const [meanKept, squareKept] = this.#options.betas;
    const computeValues = (): tf.Tensor[] => {
      const [multiplier, meanCorrection, squareCorrection] = tf.split(scalars, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const clipped = clip === undefined ? gradient : gradient.mul(clip);
      const mean = slot.mean.mul(meanKept).add(clipped.mul(1 - meanKept));
      const meanSquare = slot.meanSquare.mul(squareKept).add(clipped.square().mul(1 - squareKept));

      const rate = multiplier.mul(learningRate); // [1]
      // Not `value · (1 - rate · decay)`: that factor is too close to 1 for float32.
      const decay = (value: tf.Tensor): tf.Tensor =>
        weightDecay === 0 ? value : value.sub(value.mul(rate.mul(weightDecay)));
      const { epsilon, form } = this.#options;
      if (form === "torch") {
        const root = meanSquare.sqrt().div(squareCorrection.sqrt()).add(epsilon);
        return [decay(parameter).sub(mean.div(root).mul(rate.div(meanCorrection))), mean, meanSquare];
      }
      const direction = mean.div(meanSquare.sqrt().add(epsilon));
      const moved = parameter.sub(direction.mul(rate.mul(squareCorrection.sqrt()).div(meanCorrection)));
      return [decay(moved), mean, meanSquare];
    };
    return tf.tidy(() => fusedRegion(computeValues) as unknown as tf.TensorContainer) as tf.Tensor[];
  }
}

/** The length of all gradients as one vector `[]`. */
function globalNorm(gradients: readonly tf.Tensor[]): tf.Tensor {
  // Not `addN`: in a graph, TensorFlow adds in the order in which memory becomes free, which differs from run to run.
  return tf
    .stack(gradients.map((gradient) => tf.tidy(() => gradient.square().sum())))
    .sum()
    .sqrt();
}

function createSlot(parameter: tf.Variable, { learningRate, weightDecay = 0 }: ParameterGroup): Slot {
  const [mean, meanSquare] = [createMoment(parameter), createMoment(parameter)];
  return { parameter, mean, meanSquare, learningRate, weightDecay };
}

function createMoment(parameter: tf.Variable): tf.Variable {
  return tf.tidy(() => tf.variable(tf.fill(parameter.shape, 0), false));
}

function findGroup(groups: readonly ParameterGroup[], name: string): ParameterGroup {
  // `search` rather than `test`: it ignores what a global expression remembers.
  const group = groups.find(({ match }) => name.search(match) !== -1);
  if (group === undefined) throw new RangeError(`groups must match every parameter, got none for "${name}".`);
  return group;
}

function checkSettings(groups: readonly ParameterGroup[], options: AdamWOptions): void {
  for (const { match, learningRate, weightDecay = 0 } of groups) {
    requireSetting(`learningRate of ${match}`, learningRate >= 0 && Number.isFinite(learningRate), "≥ 0", learningRate);
    requireSetting(`weightDecay of ${match}`, weightDecay >= 0 && Number.isFinite(weightDecay), "≥ 0", weightDecay);
  }
  const { betas = [], epsilon = 1, clipNorm = 1 } = options;
  for (const beta of betas) requireSetting("betas", beta >= 0 && beta < 1, "in [0, 1)", beta);
  requireSetting("epsilon", epsilon > 0, "above 0", epsilon);
  requireSetting("clipNorm", clipNorm > 0, "above 0", clipNorm);
}

function requireSetting(name: string, holds: boolean, rule: string, value: number): void {
  if (!holds) throw new RangeError(`${name} must be ${rule}, got ${value}.`);
}
