import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { collateGain } from "./batch.ts";
import { defineGainConfig, GAIN_VARIANTS } from "./config.ts";
import { featurizeGainDocuments } from "./features.ts";
import { GainModel } from "./model.ts";
import { GainScorer } from "./scorer.ts";

const relations = ["likes", "knows", "visits"];
const documents = syntheticDocuments({ seed: 2, count: 3, relations });

async function setUp(variant: object) {
  const config = defineGainConfig({ relations, typeSize: 4, entityIdSize: 4, maxEntities: 8, ...variant });
  const backbone = tinyBackbone(5);
  const model = new GainModel(config, backbone, createRandom(2));
  const features = await featurizeGainDocuments(documents, backbone.tokenizer, config);
  return { model, scorer: new GainScorer(model), batch: collateGain(features, backbone.tokenizer, config) };
}

describe("GainScorer", () => {
  it.each(Object.entries(GAIN_VARIANTS))(
    "gives what the model gives in the variant %s, also after its weights have changed, by one graph each",
    async (_, variant) => {
      const { model, scorer, batch } = await setUp(variant);

      for (const factor of [1, 2]) {
        model.classifier.weight.assign(model.classifier.weight.mul(factor));
        const expected = model.logits(batch, INFERENCE).sigmoid();

        const scores = scorer.score(scorer.encode(batch), batch.pairs);

        expect(scores.sub(expected).abs().max().dataSync()[0]).toBeLessThan(1e-5);
      }
      const count = tf.getBackend() === "tensorflow" ? 1 : 0;
      expect(scorer.graphCounts()).toEqual({ encode: count, score: count });
      scorer.dispose();
    },
  );

  it("leaves its results behind and no other tensor", async () => {
    const { scorer, batch } = await setUp({});
    const before = tf.memory().numTensors;

    const encoding = scorer.encode(batch);
    scorer.score(encoding, batch.pairs);

    // Entities, document, paths; scores.
    expect(tf.memory().numTensors).toBe(before + 3 + 1);
    scorer.dispose();
  });
});
