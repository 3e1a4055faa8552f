import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import { type AdamW, fit, type StepEvent } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import {
  describeGolden,
  type GoldenCase,
  goldenTensor,
  goldenTensorsUnder,
  largestDifference,
} from "../../../tools/golden-cases.ts";
import {
  buildGoldenModel,
  collateGolden,
  fromGoldenName,
  type GoldenDocument,
  type GoldenModelJson,
} from "./__fixtures__/golden-model.ts";
import type { AtlopBatch } from "./batch.ts";
import type { AtlopModel } from "./model.ts";
import { createOptimizer } from "./train.ts";

interface TrainStepsJson extends GoldenModelJson {
  readonly docs: readonly GoldenDocument[];
  readonly batches: readonly (readonly number[])[];
  readonly total_steps: number;
  readonly warmup_steps: number;
  readonly optimizer: { readonly lr_base: number; readonly lr_new_layers: number };
}

/** Steps of up to 1e-4 whose size hardly depends on where they start: a few rounds find the start to rounding. */
const ROUNDS = 6;

describeGolden("atlop", /^train_steps/, (golden) => {
  it("takes the authors' optimizer steps", async () => {
    const json = golden.json as unknown as TrainStepsJson;
    const model = buildGoldenModel(golden, "weight_before/");
    if (!hasStartingWeights(golden)) findStart(model, golden);
    const optimizer = optimizerOf(model, json);
    const steps: StepEvent[] = [];

    await fit(model, {
      epochs: 1,
      optimizer,
      random: createRandom(0),
      batches: () => json.batches.map((numbers) => () => collateBatch(numbers, model, json)),
      log: (event) => event.kind === "step" && steps.push(event),
    });

    expect(steps).toHaveLength(json.batches.length);
    const { lr_base: encoderRate, lr_new_layers: headRate } = json.optimizer;
    const at = (name: string, index: number): number => goldenTensor(golden, `output/${name}`).values[index] as number;
    for (const [index, { loss, gradientNorm, learningRateMultiplier }] of steps.entries()) {
      expect(Math.abs(loss / at("losses", index) - 1)).toBeLessThan(1e-5);
      expect(Math.abs(gradientNorm / at("grad_norm_before_clip", index) - 1)).toBeLessThan(1e-5);
      expect(encoderRate * learningRateMultiplier).toBeCloseTo(at("lr", 2 * index), 11);
      expect(headRate * learningRateMultiplier).toBeCloseTo(at("lr", 2 * index + 1), 11);
    }
    expect(distances(model, golden).filter(([, distance]) => !(distance < 1e-5))).toEqual([]);
  });
});

/** Whether a case holds other weights before the steps than after them: one set was stored under both names once. */
function hasStartingWeights(golden: GoldenCase): boolean {
  const before = goldenTensorsUnder(golden, "weight_before/");
  return [...goldenTensorsUnder(golden, "weight_after/")].some(([name, { values }]) =>
    values.some((value, index) => value !== before.get(name)?.values[index]),
  );
}

/**
 * Moves the weights to where the stored steps end at the stored weights.
 *
 * Losses, norms and rates of the steps are then still a test: nothing here looks at them.
 */
function findStart(model: AtlopModel, golden: GoldenCase): void {
  const json = golden.json as unknown as TrainStepsJson;
  const parameters = [...model.parameters().values()];
  const target = parameters.map((parameter) => parameter.clone());
  const start = parameters.map((parameter) => parameter.clone());
  for (let round = 0; round < ROUNDS; round += 1) {
    const optimizer = optimizerOf(model, json);
    for (const numbers of json.batches) takeStep(model, optimizer, collateBatch(numbers, model, json));
    optimizer.dispose();
    for (const [index, parameter] of parameters.entries()) {
      const missed = (target[index] as tf.Tensor).sub(parameter);
      start[index] = (start[index] as tf.Tensor).add(missed);
      parameter.assign(start[index] as tf.Tensor);
    }
  }
}

function takeStep(model: AtlopModel, optimizer: AdamW, batch: AtlopBatch): void {
  const parameters = [...model.parameters()];
  const { grads } = tf.variableGrads(
    () => model.loss(batch, INFERENCE),
    parameters.map(([, parameter]) => parameter),
  );
  const reached = parameters.flatMap(([name, { name: variable }]) => {
    const gradient = grads[variable] as tf.Tensor | null | undefined;
    return gradient ? [[name, gradient] as const] : [];
  });
  optimizer.step(new Map(reached));
}

function optimizerOf(model: AtlopModel, json: TrainStepsJson): AdamW {
  return createOptimizer(model, {
    encoderLearningRate: json.optimizer.lr_base,
    headLearningRate: json.optimizer.lr_new_layers,
    totalSteps: json.total_steps,
    // Half a step more, so that rounding down gives the authors' number of steps.
    warmup: (json.warmup_steps + 0.5) / json.total_steps,
  });
}

function collateBatch(numbers: readonly number[], model: AtlopModel, json: TrainStepsJson): AtlopBatch {
  return collateGolden(
    numbers.map((number) => json.docs[number] as GoldenDocument),
    model,
    Number(json.config["pad_token_id"] ?? 0),
  );
}

function distances(model: AtlopModel, golden: GoldenCase): [name: string, difference: number][] {
  const parameters = model.parameters();
  const family = (golden.json as unknown as TrainStepsJson).config["model_type"] as "bert" | "roberta";
  return [...goldenTensorsUnder(golden, "weight_after/")].map(([name, expected]) => {
    const parameter = parameters.get(fromGoldenName(name, family)) as tf.Variable;
    return [name, largestDifference(parameter, expected)];
  });
}
