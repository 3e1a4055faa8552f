import type { Document, Entity } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { useGraphs } from "@relatum/tensor-utils/graph";
import type { StepEvent } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { defineGainConfig } from "./config.ts";
import { featurizeGainDocuments } from "./features.ts";
import { trainGain } from "./train.ts";
import { gainParts, gainTrainingBytes } from "./training-memory.ts";

const relations = ["likes", "knows"];
const config = defineGainConfig({
  relations,
  typeSize: 4,
  entityIdSize: 4,
  maxEntities: 32,
  graphLayers: 1,
  dropout: 0,
  negativesPerPositive: null,
});

/** Four documents, the first with 380 pairs. */
const documents = syntheticDocuments({ seed: 7, count: 4, relations }).map((document, index): Document => {
  const { entities } = document;
  return index > 0
    ? document
    : { ...document, entities: Array.from({ length: 20 }, (_, number) => entities[number % 2] as Entity) };
});

describe("gainParts", () => {
  it("keeps a batch whole within an ample budget, and else cuts it, each pair in one part", async () => {
    const { encoder, tokenizer } = tinyBackbone(1);
    const options = { encoder, tokenizer, config };
    const features = await featurizeGainDocuments(documents, tokenizer, config);
    const before = tf.memory().numTensors;

    expect(gainParts(features, options, Infinity).map(({ weight }) => weight)).toEqual([1]);
    const counts = gainParts(features, options, 1).map(({ make, weight }) => {
      const batch = make();
      const pairs = batch.pairs.mask.dataSync<"float32">().reduce((sum, one) => sum + one, 0);
      tf.dispose(batch as unknown as tf.TensorContainer);
      return { pairs, weight };
    });

    const all = features.reduce((sum, { pairs }) => sum + pairs.length, 0);
    expect(counts.length).toBeGreaterThanOrEqual(4);
    expect(counts.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(all);
    for (const { pairs, weight } of counts) expect(weight).toBeCloseTo(pairs / all, 12);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("cuts a document's pairs as long as they take more than its text", async () => {
    const { encoder, tokenizer } = tinyBackbone(1);
    const [first] = await featurizeGainDocuments(documents, tokenizer, config);
    const many = { ...first, pairs: Array.from({ length: 8 }, () => first?.pairs ?? []).flat() } as NonNullable<
      typeof first
    >;
    const options = { encoder, tokenizer, config };
    const { text, pairs } = gainTrainingBytes([many], options);

    const parts = gainParts([many], options, 1);

    expect(pairs).toBeGreaterThan(text);
    expect(parts).toHaveLength(2 ** Math.ceil(Math.log2(pairs / text)));
  });
});

describe("trainGain", () => {
  it("takes the same steps within a small memory", { timeout: 120_000 }, async () => {
    const stepsOf = async (memory?: number): Promise<StepEvent[]> => {
      const steps: StepEvent[] = [];
      const before = useGraphs({ enabled: false }); // each shape of parts is taken a few times only
      const { extractor } = await trainGain(documents, {
        backbone: tinyBackbone(1),
        config,
        seed: 1,
        epochs: 3,
        batchSize: 4,
        encoderLearningRate: 1e-3,
        headLearningRate: 1e-3,
        warmup: 0.06,
        ...(memory !== undefined && { memory }),
        log: (event) => void (event.kind === "step" && steps.push(event)),
      });
      useGraphs(before);
      extractor.dispose();
      return steps;
    };

    const whole = await stepsOf();
    const split = await stepsOf(1);

    expect(split).toHaveLength(3);
    for (const [index, { loss, gradientNorm }] of split.entries()) {
      expect(Math.abs(loss / (whole[index]?.loss as number) - 1)).toBeLessThan(1e-6);
      expect(Math.abs(gradientNorm / (whole[index]?.gradientNorm as number) - 1)).toBeLessThan(1e-5);
    }
  });
});
