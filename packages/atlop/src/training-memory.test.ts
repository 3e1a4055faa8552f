import { type Document, documentPairs, type Entity } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { useGraphs } from "@relatum/tensor-utils/graph";
import type { StepEvent } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { defineAtlopConfig } from "./config.ts";
import { featurizeAtlopDocuments } from "./features.ts";
import { trainAtlop } from "./train.ts";
import { atlopParts, atlopTrainingBytes } from "./training-memory.ts";

const relations = ["likes", "knows"];
const config = defineAtlopConfig({ relations, pairSize: 64, blockSize: 32 });

/** Four documents; the first has so many entities that its pairs take more than its text. */
const documents = syntheticDocuments({ seed: 7, count: 4, relations }).map((document, index): Document => {
  const { entities } = document;
  return index > 0
    ? document
    : { ...document, entities: Array.from({ length: 20 }, (_, n) => entities[n % 2] as Entity) };
});

const kinds = [
  ["adaptive-threshold", {}],
  ["binary-cross-entropy", { loss: "binary-cross-entropy", threshold: "global" }],
] as const;

describe("atlopParts", () => {
  it("keeps a batch whole within an ample budget", async () => {
    const backbone = tinyBackbone(1);
    const features = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);

    const parts = atlopParts(features, { backbone, config }, Infinity);

    expect(parts.map(({ weight }) => weight)).toEqual([1]);
  });

  it("cuts it by documents and by the pairs of one, each pair in one part", async () => {
    const backbone = tinyBackbone(1);
    const features = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);
    const { text } = atlopTrainingBytes(features.slice(0, 1), { backbone, config });
    const before = tf.memory().numTensors;

    const parts = atlopParts(features, { backbone, config }, 3 * text);

    const masks = parts.map(({ make }) => {
      const batch = make();
      const pairs = batch.pairs.mask.dataSync<"float32">().reduce((sum, one) => sum + one, 0);
      const documentCount = batch.mentions.shares.shape[0];
      tf.dispose(batch as unknown as tf.TensorContainer);
      return { pairs, documentCount };
    });
    const all = documents.reduce((sum, document) => sum + documentPairs(document).length, 0);
    expect(masks.filter(({ documentCount }) => documentCount === 1).length).toBeGreaterThan(3);
    expect(masks.reduce((sum, { pairs }) => sum + pairs, 0)).toBe(all);
    for (const [index, { weight }] of parts.entries()) expect(weight).toBeCloseTo((masks[index]?.pairs ?? 0) / all, 12);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("trainAtlop", () => {
  it.each(kinds)("takes the same steps within a small memory: %s", { timeout: 120_000 }, async (_, settings) => {
    const stepsOf = async (memory?: number): Promise<StepEvent[]> => {
      const steps: StepEvent[] = [];
      const before = useGraphs({ enabled: false }); // three shapes of parts, each taken a few times only
      const { extractor } = await trainAtlop(documents, {
        backbone: tinyBackbone(1),
        config: defineAtlopConfig({ ...config, ...settings }),
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
