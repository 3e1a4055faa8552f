import { type Encoder, type EncoderInput, loadPretrained } from "@relatum/encoders";
import { createRandom, drawNoiseSeed, INFERENCE, type Mode } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import { AdamW, StepRunner, type Trainable } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { EncoderJob, Job, Work } from "./job.ts";
import { sampleValues } from "./sample-values.ts";

const CLIP_NORM = 1;

/** Prepares an encoder's forward pass as one graph; the values are read back, as a caller would. */
export async function prepareForward({ encoder: directory, tokenIds }: Job & EncoderJob): Promise<Work> {
  const { encoder } = await loadPretrained(directory);
  const input = collate(tokenIds);
  const forward = record((batch: EncoderInput) => [encoder.encode(batch, INFERENCE).hidden], {
    variables: [...encoder.parameters().values()],
  });
  const compute = async (): Promise<Float32Array> => {
    const [hidden] = forward(input) as [tf.Tensor];
    const values = (await hidden.data()) as Float32Array;
    hidden.dispose();
    return values;
  };
  return {
    numbers: async () => sampleValues(await compute()),
    run: async () => void (await compute()),
  };
}

/** Prepares a whole training step towards a fixed target: forward, loss, backward, clipping, AdamW. */
export async function prepareStep(job: Job & EncoderJob): Promise<Work> {
  const { encoder } = await loadPretrained(job.encoder);
  const model = new Regression(encoder);
  const input = collate(job.tokenIds);
  const batch: RegressionBatch = { input, target: makeTarget([...input.tokenIds.shape, encoder.hiddenSize]) };
  const optimizer = new AdamW(encoder.parameters(), [{ match: /^/, learningRate: job.learningRate }], {
    clipNorm: CLIP_NORM,
  });
  const runner = new StepRunner(model, optimizer);
  const random = createRandom(1);
  return {
    numbers: async () => {
      const loss = model.loss(batch, INFERENCE);
      const values = [...(await loss.data())];
      loss.dispose();
      return values;
    },
    run: async () => {
      const seed = drawNoiseSeed(random);
      const { loss } = await runner.run([() => batch], [seed], () => undefined);
      seed.dispose();
      return job.dropout === 0 ? loss : undefined;
    },
  };
}

interface RegressionBatch {
  readonly input: EncoderInput;
  /** `[batch, tokens, hidden]`. */
  readonly target: tf.Tensor;
}

/** An encoder that learns given token vectors. */
class Regression implements Trainable<RegressionBatch> {
  readonly #encoder: Encoder;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  parameters(): ReadonlyMap<string, tf.Variable> {
    return this.#encoder.parameters();
  }

  loss({ input, target }: RegressionBatch, mode: Mode): tf.Scalar {
    return tf.tidy(() => this.#encoder.encode(input, mode).hidden.sub(target).square().mean());
  }
}

function collate(rows: readonly (readonly number[])[]): EncoderInput {
  const shape: [number, number] = [rows.length, rows[0]?.length ?? 0];
  return { tokenIds: tf.tensor2d(rows.flat(), shape, "int32"), mask: tf.ones<tf.Rank.R2>(shape) };
}

/** The sine of each value's number: the same wherever it is computed. */
function makeTarget(shape: number[]): tf.Tensor {
  return tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, (_, index) => Math.sin(index)),
    shape,
  );
}
