import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import { describeGolden, goldenTensor, largestDifference, toTensor } from "../../../tools/golden-cases.ts";
import { adaptiveThresholdLoss, decodeAdaptiveThreshold } from "./loss.ts";

describeGolden("atlop", /^atloss_\d+$/, (golden) => {
  const input = (name: string): tf.Tensor2D => toTensor(goldenTensor(golden, `input/${name}`)) as tf.Tensor2D;

  it("gives the authors' loss", () => {
    const expected = goldenTensor(golden, "output/loss").values[0] as number;

    const [loss] = adaptiveThresholdLoss(input("logits"), input("labels")).dataSync();

    expect(Math.abs((loss as number) - expected)).toBeLessThan(1e-6 * Math.abs(expected));
  });

  it("gives the authors' loss of each pair", () => {
    const [logits, targets] = [input("logits"), input("labels")];
    const rows = logits.shape[0];

    const losses = tf.stack(
      Array.from({ length: rows }, (_, row) => adaptiveThresholdLoss(logits, targets, tf.oneHot(row, rows).as1D())),
    );

    expect(largestDifference(losses, goldenTensor(golden, "output/loss_per_row"))).toBeLessThan(1e-5);
  });

  it("gives the authors' gradient", () => {
    const targets = input("labels");

    const gradient = tf.grad((logits) => adaptiveThresholdLoss(logits as tf.Tensor2D, targets))(input("logits"));

    expect(largestDifference(gradient, goldenTensor(golden, "grad/logits"))).toBeLessThan(1e-5);
  });

  it("decides as the authors' code, with and without a limit", () => {
    const limit = golden.json["num_labels_k"] as number;

    const unlimited = decodeAdaptiveThreshold(input("logits"), null);
    const limited = decodeAdaptiveThreshold(input("logits"), limit);

    expect(largestDifference(unlimited, goldenTensor(golden, "output/get_label_all"))).toBe(0);
    expect(largestDifference(limited, goldenTensor(golden, "output/get_label_k"))).toBe(0);
  });
});
