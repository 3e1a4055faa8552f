import { createRandom } from "@relatum/tensor-utils";
import { fit, type StepEvent } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import {
  describeGolden,
  goldenTensor,
  goldenTensorsUnder,
  largestDifference,
} from "../../../tools/golden-cases.ts";
import { buildGoldenModel, collateGolden, type GoldenDocument, fromGoldenName } from "./__fixtures__/golden-model.ts";
import { createOptimizer } from "./train.ts";

interface TrainStepsJson {
  readonly docs: readonly GoldenDocument[];
  readonly batches: readonly (readonly number[])[];
  readonly total_steps: number;
  readonly warmup_steps: number;
  readonly optimizer: { readonly lr_base: number; readonly lr_new_layers: number };
  readonly no_grad_params?: readonly string[];
}

describeGolden("atlop", /^train_steps/, (golden) => {
  const json = golden.json as unknown as TrainStepsJson;

  it("takes the authors' optimizer steps", async () => {
    const model = buildGoldenModel(golden, "weight_before/");
    const { lr_base: encoderLearningRate, lr_new_layers: headLearningRate } = json.optimizer;
    const optimizer = createOptimizer(model, {
      encoderLearningRate,
      headLearningRate,
      totalSteps: json.total_steps,
      warmup: json.warmup_steps / json.total_steps,
    });
    const batches = json.batches.map((numbers) => () => {
      const documents = numbers.map((number) => json.docs[number] as GoldenDocument);
      return collateGolden(documents, model, 0);
    });
    const steps: StepEvent[] = [];

    await fit(model, {
      epochs: 1,
      optimizer,
      random: createRandom(0),
      batches: () => batches,
      log: (event) => event.kind === "step" && steps.push(event),
    });

    expect(steps).toHaveLength(json.batches.length);
    for (const [index, { loss, gradientNorm, learningRateMultiplier }] of steps.entries()) {
      const at = (name: string, width = 1, column = 0): number =>
        goldenTensor(golden, `output/${name}`).values[index * width + column] as number;
      expect(Math.abs(loss - at("losses"))).toBeLessThan(1e-5 * at("losses"));
      expect(Math.abs(gradientNorm - at("grad_norm_before_clip"))).toBeLessThan(1e-4 * at("grad_norm_before_clip"));
      expect(encoderLearningRate * learningRateMultiplier).toBeCloseTo(at("lr", 2, 0), 12);
      expect(headLearningRate * learningRateMultiplier).toBeCloseTo(at("lr", 2, 1), 12);
    }
    const parameters = model.parameters();
    for (const [name, expected] of goldenTensorsUnder(golden, "weight_after/")) {
      const parameter = parameters.get(fromGoldenName(name, "bert")) as tf.Variable;
      expect(largestDifference(parameter, expected), name).toBeLessThan(1e-5);
    }
  });
});
