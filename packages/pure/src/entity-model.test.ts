import type { Document } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, INFERENCE, Noise } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig } from "./config.ts";
import { collatePureEntities, type CollatePureEntitiesOptions, type PureEntityBatch } from "./entity-batch.ts";
import { featurizePureEntityDocuments } from "./entity-features.ts";
import { PureEntityModel } from "./entity-model.ts";

const documents = syntheticDocuments({ seed: 1, count: 3, relations: ["likes", "knows"] });
const backbone = tinyBackbone(3);

/** A sentence of 700 words, which fill more than a row. */
const long: Document = {
  id: "long",
  sentences: [Array.from({ length: 700 }, (_, index) => `word${index}`)],
  entities: [],
  relations: [],
  labelled: true,
};

interface SetUpOptions extends CollatePureEntitiesOptions {
  readonly texts?: readonly Document[];
}

async function setUp(
  settings: Partial<PureConfig> = {},
  { texts = documents, ...options }: SetUpOptions = {},
): Promise<{ model: PureEntityModel; batch: PureEntityBatch }> {
  const config = definePureConfig({
    entityTypes: ["PER", "ORG", "LOC"],
    relations: ["likes"],
    maxSpanWords: 3,
    widthEmbeddingSize: 4,
    headSize: 16,
    ...settings,
  });
  const features = await featurizePureEntityDocuments(texts, backbone.tokenizer, config);
  return {
    model: new PureEntityModel(config, backbone, createRandom(1)),
    batch: collatePureEntities(features, backbone, options),
  };
}

describe("PureEntityModel", () => {
  it("joins a span's first token, its last and its width", async () => {
    const { model, batch } = await setUp();
    const hidden = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2]);
    const spans = {
      starts: tf.tensor1d([0, 2], "int32"),
      ends: tf.tensor1d([1, 2], "int32"),
      widths: tf.tensor1d([2, 1], "int32"),
      mask: batch.spans.mask,
    };

    const vectors = model.spanVectors(hidden, spans).arraySync() as number[][];

    const widths = model.widthEmbedding.weight.arraySync() as number[][];
    expect(vectors).toEqual([
      [1, 2, 3, 4, ...(widths[2] ?? [])],
      [5, 6, 5, 6, ...(widths[1] ?? [])],
    ]);
  });

  it("sums the cross entropy over the spans of a batch, padding left out", async () => {
    const { model, batch } = await setUp({}, { pad: "buckets" });
    const logits = model.logits(batch, INFERENCE).arraySync();
    const [targets, mask] = [batch.targets.arraySync(), batch.spans.mask.arraySync()];

    const loss = model.loss(batch, INFERENCE).dataSync()[0] as number;

    const losses = logits.map((row, span) => {
      const total = row.reduce((sum, logit) => sum + Math.exp(logit), 0);
      return mask[span] === 1 ? Math.log(total) - (row[targets[span] ?? NaN] ?? NaN) : 0;
    });
    expect(mask.filter((value) => value === 0).length).toBeGreaterThan(0);
    expect(loss).toBeCloseTo(
      losses.reduce((sum, value) => sum + value, 0),
      2,
    );
  });

  it("gives spans the same scores alone, among others, and padded to buckets", async () => {
    const { model, batch: exact } = await setUp({}, { pad: "exact" });
    const { batch: bucketed } = await setUp();
    const { batch: alone } = await setUp({}, { texts: documents.slice(0, 1), pad: "exact" });
    const count = exact.targets.size;

    const logits = model.logits(exact, INFERENCE);

    const padded = model.logits(bucketed, INFERENCE);
    expect(padded.shape[0]).toBeGreaterThan(count);
    expect(difference(logits, padded.slice([0, 0], [count, -1]))).toBeLessThan(1e-5);
    expect(difference(logits.slice([0, 0], [alone.targets.size, -1]), model.logits(alone, INFERENCE))).toBeLessThan(
      1e-5,
    );
  });

  it("scores every span of a sentence that is longer than a row", async () => {
    const { model, batch } = await setUp({}, { texts: [...documents, long], pad: "exact" });
    const { batch: short } = await setUp({}, { pad: "exact" });

    const logits = model.logits(batch, INFERENCE);

    // 698 words begin three spans each, one begins two and the last one.
    expect(batch.targets.size - short.targets.size).toBe(698 * 3 + 2 + 1);
    expect(batch.input.placement).toBeDefined();
    expect(logits.isFinite().all().dataSync()[0]).toBe(1);
    const first = logits.slice([0, 0], [short.targets.size, -1]);
    expect(difference(first, model.logits(short, INFERENCE))).toBeLessThan(1e-5);
  });

  it("passes a gradient on to every parameter but the pooler's, which it does not use", async () => {
    const { model, batch } = await setUp();
    const mode = { training: true, noise: new Noise(tf.tensor1d([1, 2], "int32")) } as const;
    const parameters = model.parameters();

    const { grads } = tf.variableGrads(() => model.loss(batch, mode), [...parameters.values()]);

    const without = [...parameters].filter(
      ([, { name }]) => !(grads[name] && grads[name].abs().max().dataSync()[0] !== 0),
    );
    expect(without.map(([name]) => name)).toEqual(["encoder.pooler.weight", "encoder.pooler.bias"]);
  });

  it.each([
    ["sentences", documents],
    ["a sentence longer than a row", [long]],
  ])("is one graph with its gradients, on %s", async (_, texts) => {
    const { model, batch } = await setUp({}, { texts });
    const variables = [...model.parameters().values()];
    const differentiate = (input: PureEntityBatch, noiseSeed: tf.Tensor1D): tf.Tensor[] => {
      const mode = { training: true, noise: new Noise(noiseSeed) } as const;
      const { value, grads } = tf.variableGrads(() => model.loss(input, mode), variables);
      return [value, grads[model.widthEmbedding.weight.name] as tf.Tensor];
    };
    const recorded = record(
      ({ input, noiseSeed }: { input: PureEntityBatch; noiseSeed: tf.Tensor1D }) => differentiate(input, noiseSeed),
      { variables },
    );
    const noiseSeed = tf.tensor1d([1, 2], "int32");

    const [loss, gradient] = recorded({ input: batch, noiseSeed }) as [tf.Tensor, tf.Tensor];

    const [plainLoss, plainGradient] = differentiate(batch, noiseSeed) as [tf.Tensor, tf.Tensor];
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    expect(loss.div(plainLoss).sub(1).abs().dataSync()[0]).toBeLessThan(1e-5);
    expect(gradient.sub(plainGradient).abs().max().dataSync()[0]).toBeLessThan(1e-3);
    recorded.dispose();
  });

  it("leaves no tensor behind", async () => {
    const { model, batch } = await setUp();
    const before = tf.memory().numTensors;

    tf.dispose([model.loss(batch, INFERENCE), model.logits(batch, INFERENCE)]);

    expect(tf.memory().numTensors).toBe(before);
  });

  it("frees a batch whole", async () => {
    const { batch: _ } = await setUp();
    const before = tf.memory().numTensors;
    const { model, batch } = await setUp({}, { texts: [long] });

    tf.dispose(batch as unknown as tf.TensorContainer);
    for (const part of [model.widthEmbedding, model.feedForward, model.classifier]) part.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });
});

function difference(left: tf.Tensor, right: tf.Tensor): number {
  return left.sub(right).abs().max().dataSync()[0] as number;
}
