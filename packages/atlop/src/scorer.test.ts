import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { collateAtlop } from "./batch.ts";
import { defineAtlopConfig } from "./config.ts";
import { featurizeAtlopDocuments } from "./features.ts";
import { decodeAdaptiveThreshold } from "./loss.ts";
import { AtlopModel } from "./model.ts";
import { AtlopScorer } from "./scorer.ts";

const relations = ["likes", "knows", "visits"];
const config = defineAtlopConfig({ relations, pairSize: 16, blockSize: 4 });
const backbone = tinyBackbone(5);
const model = new AtlopModel(config, backbone, createRandom(2));
const documents = syntheticDocuments({ seed: 2, count: 3, relations });
const features = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);

function differences(left: tf.Tensor, right: tf.Tensor): number {
  return tf.tidy(() => left.sub(right).abs().max().dataSync()[0] as number);
}

describe("AtlopScorer", () => {
  it("gives what the model gives, also after its weights have changed", () => {
    const scorer = new AtlopScorer(model);
    const batch = collateAtlop(features, backbone, config);

    for (const factor of [1, 2]) {
      model.bilinear.weight.assign(model.bilinear.weight.mul(factor));
      const logits = model.logits(batch, INFERENCE);
      const encoding = scorer.encode(batch);
      const margins = scorer.score(encoding, batch.pairs, { unit: "margin", decode: { maxRelations: 2 } });
      const probabilities = scorer.score(encoding, batch.pairs, { unit: "probability" });

      expect(differences(margins.scores, logits.sub(logits.slice([0, 0], [-1, 1])))).toBeLessThan(1e-4);
      expect(differences(margins.marks as tf.Tensor, decodeAdaptiveThreshold(logits, 2))).toBe(0);
      expect(differences(probabilities.scores, logits.sigmoid())).toBeLessThan(1e-5);
      expect(probabilities.marks).toBeUndefined();
    }
    scorer.dispose();
  });

  it("leaves its results behind and no other tensor", () => {
    const scorer = new AtlopScorer(model);
    const batch = collateAtlop(features, backbone, config);
    const before = tf.memory().numTensors;

    const encoding = scorer.encode(batch);
    scorer.score(encoding, batch.pairs, { unit: "margin", decode: { maxRelations: null } });

    expect(tf.memory().numTensors).toBe(before + 3 + 2);
    scorer.dispose();
  });
});
