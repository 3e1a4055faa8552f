import * as tf from "@tensorflow/tfjs";

import { record, type Recorded } from "../graph/record.ts";
import { Noise } from "../mode.ts";
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

interface UpdateInput {
  readonly sums: readonly tf.Tensor[];
  /** Whether any batch gave each parameter a gradient. */
  readonly reached: readonly boolean[];
  readonly scalars: tf.Tensor1D;
}

/**
 * Takes training steps: one recorded function for the gradients of each batch, one for the update.
 *
 * The update is on its own because its shapes are always the same: it is recorded and compiled once, not once for each
 * shape of batch. The layout of the gradients is the same for every batch too: zeros where a batch gives none.
 */
export class StepRunner<Batch> {
  readonly #optimizer: AdamW;
  readonly #part: Recorded<PartInput<Batch>>;
  readonly #update: Recorded<UpdateInput>;

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
    this.#update = record(
      ({ sums, reached, scalars }) => {
        const pairs = names.map((name, index): [string, tf.Tensor] => [name, sums[index] as tf.Tensor]);
        return optimizer.update(new Map(pairs.filter((_, index) => reached[index])), scalars);
      },
      { variables: optimizer.variables() },
    );
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
        const values = await readOnce(flags as tf.Tensor);
        reached = Array.from(values, (value, parameter) => value > 0 || reached[parameter] === true);
      }
      const results = this.#update({ sums, reached, scalars });
      return await this.#finish([tf.tidy(() => tf.stack(losses).sum()), ...results]);
    } finally {
      tf.dispose([scalars, ...shareScalars, ...losses, ...sums]);
    }
  }

  /** Frees the recorded functions. */
  dispose(): void {
    for (const recorded of [this.#part, this.#update]) recorded.dispose();
  }

  /** Reads loss and norm, then assigns the rest; frees all of it. */
  async #finish([loss, norm, ...values]: readonly tf.Tensor[]): Promise<StepResult> {
    try {
      const result = {
        loss: (await readOnce(loss as tf.Tensor))[0] as number,
        gradientNorm: (await readOnce(norm as tf.Tensor))[0] as number,
      };
      requireFinite(result, this.#optimizer.stepCount + 1);
      this.#optimizer.assign(values);
      return result;
    } finally {
      tf.dispose(values);
    }
  }
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

async function readOnce(tensor: tf.Tensor): Promise<ArrayLike<number>> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}

function requireFinite({ loss, gradientNorm }: StepResult, step: number): void {
  const advice = "Lower the learning rate or clip gradients; the parameters are those before this step.";
  if (!Number.isFinite(loss)) throw new RangeError(`loss of step ${step} must be finite, got ${loss}. ${advice}`);
  if (!Number.isFinite(gradientNorm)) {
    throw new RangeError(`gradient norm of step ${step} must be finite, got ${gradientNorm}. ${advice}`);
  }
}
