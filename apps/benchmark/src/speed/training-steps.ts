import { batches } from "@relatum/datasets";
import { drawNoiseSeed, INFERENCE, type Random } from "@relatum/tensor-utils";
import { StepRunner } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { TrainingWork } from "../adapter.ts";

/** Which steps {@link prepareTrainingSteps} takes. */
export interface TrainingStepOptions {
  /** Steps in one repetition, each on another batch. */
  readonly steps: number;
  readonly batchSize: number;
  /** Decides what the batches hold, and the dropout masks. */
  readonly random: Random;
}

/** Training steps that can be taken again and again. */
export interface TrainingSteps {
  /** What is trained on, by step. */
  readonly batches: readonly (readonly object[])[];
  /** Takes a step on each batch. */
  run(): Promise<void>;
  /** Gives each batch's loss without dropout, by the model as it is now. */
  losses(): Promise<readonly number[]>;
  /** Frees the model and the optimizer too. */
  dispose(): void;
}

/**
 * Prepares training steps on batches drawn at random.
 *
 * @throws {RangeError} If there is not enough to train on.
 */
export function prepareTrainingSteps(
  { features, model, optimizer, collate, lengthOf }: TrainingWork,
  { steps, batchSize, random }: TrainingStepOptions,
): TrainingSteps {
  const cut = batches(features, {
    size: batchSize,
    shuffle: random.fork("order"),
    dropLast: true,
    ...(lengthOf && { lengthOf }),
  });
  const chosen = [...cut].slice(0, steps);
  if (chosen.length < steps) {
    const rule = `documents must give ${steps} batches of ${batchSize} to train on`;
    throw new RangeError(`${rule}, got ${features.length} that have pairs.`);
  }
  const runner = new StepRunner(model, optimizer);
  const noise = random.fork("noise");
  return {
    batches: chosen,
    run: async () => {
      for (const batch of chosen) {
        const seed = drawNoiseSeed(noise);
        await runner.run([() => collate(batch)], [seed], free);
        seed.dispose();
      }
    },
    losses: async () => {
      const losses: number[] = [];
      for (const batch of chosen) {
        const tensors = collate(batch);
        const loss = model.loss(tensors, INFERENCE);
        free(tensors);
        losses.push((await loss.data())[0] as number);
        loss.dispose();
      }
      return losses;
    },
    dispose: () => {
      runner.dispose();
      optimizer.dispose();
      model.dispose();
    },
  };
}

function free(batch: object): void {
  tf.dispose(batch as tf.TensorContainer);
}
