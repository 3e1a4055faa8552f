import * as tf from "@tensorflow/tfjs";

import { record, type Recorded } from "../graph/record.ts";
import { Noise } from "../mode.ts";
import { readAndDispose } from "../read-and-dispose.ts";
import type { AdamW } from "./adam-w.ts";
import type { Trainable } from "./fit-options.ts";

/** What one step showed. */
export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number;
}

interface PartInput<Batch> {
  readonly batch: Batch;
  readonly noiseSeed: tf.Tensor1D;
  /** What the batch's loss counts for in the step's `[]`. */
  readonly share: tf.Scalar;
  /** Gradients of the batches before, one a parameter; none for the first batch. */
  readonly sums: readonly tf.Tensor[];
}

interface GradientInput {
  /** One a parameter, of some or of all. */
  readonly sums: readonly tf.Tensor[];
  /** Whether any batch gave each of them a gradient. */
  readonly reached: readonly boolean[];
}

interface UpdateInput extends GradientInput {
  readonly scalars: tf.Tensor1D;
  readonly norm: tf.Scalar;
}

/** Parameters that are updated together. */
interface UpdatePart {
  readonly names: readonly string[];
  /** The place of the first one among all parameters. */
  readonly first: number;
  readonly update: Recorded<UpdateInput>;
}

/**
 * Takes training steps: one recorded function for the gradients of each batch, then some for the update.
 *
 * The update is on its own because its shapes are always the same: it is recorded and compiled once, not once for each
 * shape of batch. The layout of the gradients is the same for every batch too: zeros where a batch gives none. The
 * optimizer's parts are updated one after the other, so that few old values are kept beside new ones.
 */
export class StepRunner<Batch> {
  readonly #optimizer: AdamW;
  readonly #part: Recorded<PartInput<Batch>>;
  readonly #norm: Recorded<GradientInput>;
  readonly #updates: readonly UpdatePart[];

  constructor(model: Trainable<Batch>, optimizer: AdamW) {
    const names = [...optimizer.parameters.keys()];
    const modelVariables = [...model.parameters().values()];
    this.#optimizer = optimizer;
    this.#part = record(
      ({ batch, noiseSeed, share, sums }) => {
        const { loss, gradients } = differentiate(optimizer, () =>
          model.loss(batch, trainingMode(noiseSeed)).mul(share),
        );
        const reached = tf.tensor1d(names.map((name) => Number(gradients.has(name))));
        const added = names.map((name, index) =>
          addGradient(sums[index], gradients.get(name), optimizer.parameters.get(name)),
        );
        return [loss, reached, ...added];
      },
      { variables: modelVariables },
    );
    this.#norm = record((input) => [optimizer.norm(nameReached(names, input))], { variables: [] });
    let first = 0;
    this.#updates = optimizer.parts().map((part) => {
      const update = record<UpdateInput>(
        ({ scalars, norm, ...input }) => optimizer.update(part, nameReached(part, input), { scalars, norm }),
        { variables: optimizer.variables(part) },
      );
      return { names: part, first: (first += part.length) - part.length, update };
    });
  }

  /**
   * Takes one step on the mean loss of some batches, or on the sum that the shares say.
   *
   * @param batches Are called in turn, each after the batch before it has been released.
   * @param noiseSeeds int32 `[2]` for each batch; the caller keeps them.
   * @param shares What each loss counts for; all the same, one in sum, without it.
   * @throws {RangeError} If the loss or a gradient is not finite; the parameters are as before then.
   */
  async run(
    batches: readonly (() => Batch)[],
    noiseSeeds: readonly tf.Tensor1D[],
    release: (batch: Batch) => void,
    shares: readonly number[] = batches.map(() => 1 / batches.length),
  ): Promise<StepResult> {
    const scalars = this.#optimizer.scalars();
    const shareScalars = shares.map((share) => tf.scalar(share));
    const losses: tf.Tensor[] = [];
    let reached: boolean[] = [];
    let sums: tf.Tensor[] = [];
    try {
      for (const [index, make] of batches.entries()) {
        const noiseSeed = noiseSeeds[index] as tf.Tensor1D;
        const input = { noiseSeed, share: shareScalars[index] as tf.Scalar, sums };
        const [loss, flags, ...added] = using(make(), release, (batch) => this.#part({ batch, ...input }));
        tf.dispose(sums);
        sums = added;
        losses.push(loss as tf.Tensor);
        const values = await readAndDispose(flags as tf.Tensor);
        reached = Array.from(values, (value, parameter) => value > 0 || reached[parameter] === true);
      }
      const loss = tf.tidy(() => tf.stack(losses).sum());
      return await this.#finish(loss, { sums, reached, scalars });
    } finally {
      tf.dispose([scalars, ...shareScalars, ...losses, ...sums]);
    }
  }

  /** Frees the recorded functions. */
  dispose(): void {
    for (const recorded of [this.#part, this.#norm, ...this.#updates.map(({ update }) => update)]) recorded.dispose();
  }

  /** Reads loss and norm, then updates part after part; frees the loss, and each gradient once it has been used. */
  async #finish(
    loss: tf.Tensor,
    { sums, reached, scalars }: GradientInput & Pick<UpdateInput, "scalars">,
  ): Promise<StepResult> {
    const lossValue = (await readAndDispose(loss))[0] as number;
    const [norm] = this.#norm({ sums, reached }) as [tf.Scalar];
    try {
      const result = { loss: lossValue, gradientNorm: (await norm.data())[0] as number };
      requireFinite(result, this.#optimizer.stepCount + 1);
      for (const { names, first, update } of this.#updates) {
        const [start, end] = [first, first + names.length];
        const input = { sums: sums.slice(start, end), reached: reached.slice(start, end), scalars, norm };
        const values = update(input);
        this.#optimizer.assign(names, values);
        tf.dispose([values, input.sums]);
      }
      this.#optimizer.finishStep();
      return result;
    } finally {
      norm.dispose();
    }
  }
}

/** The gradients that there are, by parameter name. */
function nameReached(names: readonly string[], { sums, reached }: GradientInput): Map<string, tf.Tensor> {
  const pairs = names.map((name, index): [string, tf.Tensor] => [name, sums[index] as tf.Tensor]);
  return new Map(pairs.filter((_, index) => reached[index]));
}

function trainingMode(noiseSeed: tf.Tensor1D): { training: true; noise: Noise } {
  return { training: true, noise: new Noise(noiseSeed) };
}

/** The loss and the gradient of each parameter that it depends on. */
function differentiate(
  { parameters }: AdamW,
  computeLoss: () => tf.Scalar,
): { loss: tf.Scalar; gradients: Map<string, tf.Tensor> } {
  const { value, grads } = tf.variableGrads(computeLoss, [...parameters.values()]);
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, parameter] of parameters) {
    const gradient = grads[parameter.name];
    if (gradient) gradients.set(name, gradient);
  }
  return { loss: value, gradients };
}

/** The sum so far with one more gradient; a new tensor in any case. */
function addGradient(
  sum: tf.Tensor | undefined,
  gradient: tf.Tensor | undefined,
  parameter: tf.Variable | undefined,
): tf.Tensor {
  if (gradient !== undefined) return sum === undefined ? gradient : sum.add(gradient);
  return sum === undefined ? tf.zerosLike(parameter as tf.Variable) : sum.mul(1);
}

function using<Batch, T>(batch: Batch, release: (batch: Batch) => void, run: (batch: Batch) => T): T {
  try {
    return run(batch);
  } finally {
    release(batch);
  }
}

function requireFinite({ loss, gradientNorm }: StepResult, step: number): void {
  const advice = "Lower the learning rate or clip gradients; the parameters are those before this step.";
  if (!Number.isFinite(loss)) throw new RangeError(`loss of step ${step} must be finite, got ${loss}. ${advice}`);
  if (!Number.isFinite(gradientNorm)) {
    throw new RangeError(`gradient norm of step ${step} must be finite, got ${gradientNorm}. ${advice}`);
  }
}
