import type { Document } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, groupBilinear, INFERENCE, Linear, Noise } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { type AtlopBatch, collateAtlop, type CollateAtlopOptions } from "./batch.ts";
import { ATLOP_VARIANTS, type AtlopConfig, defineAtlopConfig } from "./config.ts";
import { featurizeAtlopDocuments } from "./features.ts";
import { AtlopModel, bilinear, contextWeights, localizedContext, pairVectors, poolMentions } from "./model.ts";

const documents = syntheticDocuments({ seed: 1, count: 3, relations: ["likes", "knows"] });

async function setUp(
  settings: Partial<AtlopConfig> = {},
  { texts = documents, ...options }: CollateAtlopOptions & { readonly texts?: readonly Document[] } = {},
): Promise<{ model: AtlopModel; batch: AtlopBatch }> {
  const config = defineAtlopConfig({ relations: ["likes", "knows"], pairSize: 16, blockSize: 4, ...settings });
  const backbone = tinyBackbone(3);
  const features = await featurizeAtlopDocuments(texts, backbone.tokenizer, config);
  const batch = collateAtlop(features, backbone, config, options);
  return { model: new AtlopModel(config, backbone, createRandom(1)), batch };
}

describe("contextWeights", () => {
  it("multiplies the attention of both entities head by head, sums and normalises", () => {
    // Two attention heads, three tokens; products 0.1, 0.3, 0 and 0, 0.2, 0.4 sum to 0.1, 0.5, 0.4.
    const head = tf.tensor4d([0.2, 0, 0.6, 0.5, 0.2, 0.5], [1, 1, 3, 2]);
    const tail = tf.tensor4d([0.5, 0.5, 0.5, 0.4, 0, 0.8], [1, 1, 3, 2]);

    const weights = contextWeights(head, tail).dataSync();

    // Mean over the heads, 0.05, 0.25, 0.2, over their sum 0.5 and the guard.
    const expected = [0.05, 0.25, 0.2].map((shared) => shared / (0.5 + 1e-5));
    for (const [token, weight] of expected.entries()) expect(weights[token]).toBeCloseTo(weight, 6);
  });

  it("gives no weight where the entities attend to no common token", () => {
    const head = tf.tensor4d([1, 0], [1, 1, 2, 1]);
    const tail = tf.tensor4d([0, 1], [1, 1, 2, 1]);

    expect([...contextWeights(head, tail).dataSync()]).toEqual([0, 0]);
  });
});

describe("localizedContext", () => {
  it("averages token vectors by the weights of every pair of entities", () => {
    // One attention head, two tokens; two entities that each look at one of them, and a third at both.
    const attention = tf.tensor4d([1, 0, 0, 1, 0.5, 0.5], [1, 3, 2, 1]);
    const hidden = tf.tensor3d([10, 20, 30, 40], [1, 2, 2]);

    const contexts = localizedContext(attention.slice([0, 0], [1, 2]), attention, hidden);

    expect(contexts.shape).toEqual([1, 2, 3, 2]);
    const values = contexts.reshape([6, 2]).arraySync() as number[][];
    const expected = [
      [10, 20],
      [0, 0],
      [10, 20],
      [0, 0],
      [30, 40],
      [30, 40],
    ];
    for (const [pair, context] of expected.entries()) {
      expect(Math.abs((values[pair]?.[0] as number) - (context[0] as number))).toBeLessThan(1e-3);
      expect(Math.abs((values[pair]?.[1] as number) - (context[1] as number))).toBeLessThan(2e-3);
    }
  });
});

describe("pairVectors", () => {
  const extractor = new Linear(4, 2, createRandom(0));
  const entities = tf.tensor2d([
    [1, 2],
    [3, 4],
  ]);
  const rows = tf.tensor1d([1, 0], "int32");

  it("is the tanh of the linear map of entity and context side by side", () => {
    const contexts = tf.tensor2d([
      [5, 6],
      [7, 8],
    ]);
    const joined = tf.tensor2d([
      [3, 4, 5, 6],
      [1, 2, 7, 8],
    ]);

    const vectors = pairVectors(extractor, entities, rows, contexts);

    const expected = extractor.apply(joined).tanh();
    expect(vectors.sub(expected).abs().max().dataSync()[0]).toBeLessThan(1e-6);
  });

  it("maps the entity alone without contexts", () => {
    const narrow = new Linear(2, 3, createRandom(0));

    const vectors = pairVectors(narrow, entities, rows);

    const expected = narrow.apply(entities.reverse(0)).tanh();
    expect(vectors.sub(expected).abs().max().dataSync()[0]).toBeLessThan(1e-6);
  });
});

describe("bilinear", () => {
  it("equals the group bilinear of one block", () => {
    const head = tf.tensor2d([
      [1, 2],
      [3, -1],
    ]);
    const tail = tf.tensor2d([
      [0.5, 1],
      [2, 2],
    ]);
    const weight = tf.tensor2d([
      [1, 2, 3, 4],
      [0, 1, 0, -1],
    ]);

    const scores = bilinear(head, tail, weight);

    expect(scores.arraySync()).toEqual(groupBilinear(head, tail, weight).arraySync());
    // First pair, first label: 1·1·0.5 + 2·1·1 + 3·2·0.5 + 4·2·1.
    expect(scores.arraySync()[0]?.[0]).toBe(13.5);
  });
});

describe("poolMentions", () => {
  it("pools by logsumexp or mean, and gives an entity without mentions zero", () => {
    const queryHidden = tf.tensor3d([1, 2, 3], [1, 3, 1]);
    const mentions = {
      queries: tf.tensor2d(
        [
          [0, 2],
          [0, 0],
        ],
        [2, 2],
        "int32",
      ),
      mask: tf.tensor2d([
        [1, 1],
        [0, 0],
      ]),
      shares: tf.zeros([1, 2, 3]) as tf.Tensor3D,
    };

    const [smooth, none] = poolMentions(queryHidden, mentions, "logsumexp").dataSync();
    const [mean] = poolMentions(queryHidden, mentions, "mean").dataSync();

    expect(smooth).toBeCloseTo(Math.log(Math.E + Math.E ** 3), 5);
    expect(none).toBeCloseTo(0, 12);
    expect(mean).toBe(2);
  });
});

describe("AtlopModel", () => {
  it.each(Object.entries(ATLOP_VARIANTS))("trains every parameter of the variant %s", async (_, variant) => {
    const { model, batch } = await setUp(variant, { pad: "exact" });
    const parameters = model.parameters();

    const { value, grads } = tf.variableGrads(() => model.loss(batch, INFERENCE), [...parameters.values()]);

    expect(Number.isFinite(value.dataSync()[0])).toBe(true);
    const untrained = [...parameters].filter(([, { name }]) => {
      const gradient = grads[name] as tf.Tensor | undefined;
      return !((gradient?.abs().max().dataSync()[0] ?? 0) > 1e-9);
    });
    // The pooler is in the encoder, not in ATLOP; a bias of keys moves all scores of a query alike.
    expect(untrained.map(([name]) => name).filter((name) => !/pooler|key\.bias/.test(name))).toEqual([]);
  });

  it("scores a pair alike, whatever it is padded with and whoever shares its batch", async () => {
    const { model, batch } = await setUp({}, { pad: "exact" });
    const { batch: padded } = await setUp({}, { pad: "buckets" });
    const { batch: alone } = await setUp({}, { texts: documents.slice(0, 1) });
    const count = batch.pairs.mask.size;

    const logits = model.logits(batch, INFERENCE);

    const paddedLogits = model.logits(padded, INFERENCE).slice(0, count);
    const aloneCount = alone.pairs.mask.sum().dataSync()[0] as number;
    const aloneLogits = model.logits(alone, INFERENCE).slice(0, aloneCount);
    expect(paddedLogits.sub(logits).abs().max().dataSync()[0]).toBeLessThan(1e-5);
    expect(aloneLogits.sub(logits.slice(0, aloneCount)).abs().max().dataSync()[0]).toBeLessThan(1e-5);
    expect(model.loss(padded, INFERENCE).sub(model.loss(batch, INFERENCE)).abs().dataSync()[0]).toBeLessThan(1e-5);
  });

  it("is recorded whole, loss and gradients, as one graph", async () => {
    const { model, batch } = await setUp();
    const variables = [...model.parameters().values()];
    const trained = model.headExtractor.weight;
    const differentiate = (input: AtlopBatch, noiseSeed: tf.Tensor1D): tf.Tensor[] => {
      const mode = { training: true, noise: new Noise(noiseSeed) } as const;
      const { value, grads } = tf.variableGrads(() => model.loss(input, mode), variables);
      return [value, grads[trained.name] as tf.Tensor];
    };
    const recorded = record(
      ({ input, noiseSeed }: { input: AtlopBatch; noiseSeed: tf.Tensor1D }) => differentiate(input, noiseSeed),
      { variables },
    );
    const noiseSeed = tf.tensor1d([1, 2], "int32");

    const [loss, gradient] = recorded({ input: batch, noiseSeed }) as [tf.Tensor, tf.Tensor];

    const [plainLoss, plainGradient] = differentiate(batch, noiseSeed) as [tf.Tensor, tf.Tensor];
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    expect(loss.sub(plainLoss).abs().dataSync()[0]).toBeLessThan(1e-5);
    expect(gradient.sub(plainGradient).abs().max().dataSync()[0]).toBeLessThan(1e-5);
    recorded.dispose();
  });

  it("names its parameters by part", async () => {
    const { model } = await setUp();

    const parts = new Set([...model.parameters().keys()].map((name) => name.split(".")[0]));

    expect(parts).toEqual(new Set(["encoder", "headExtractor", "tailExtractor", "bilinear"]));
  });

  it("leaves one tensor behind, its result", async () => {
    const { model, batch } = await setUp();
    const before = tf.memory().numTensors;

    model.loss(batch, INFERENCE);

    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it("leaves nothing behind of a batch that is disposed of", async () => {
    const before = tf.memory().numTensors;

    const { model, batch } = await setUp();
    tf.dispose(batch as unknown as tf.TensorContainer);
    model.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });
});
