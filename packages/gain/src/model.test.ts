import type { Document } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, INFERENCE, Noise } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { tokenizerOf } from "./backbone.ts";
import { collateGain, type CollateGainOptions, type GainBatch } from "./batch.ts";
import { defineGainConfig, GAIN_VARIANTS, type GainConfig } from "./config.ts";
import { featurizeGainDocuments } from "./features.ts";
import { entityVectors, GainModel, nodeVectors } from "./model.ts";
import { drawWordVectors } from "./untrained-words.ts";

const documents = syntheticDocuments({ seed: 1, count: 3, relations: ["likes", "knows"] });

/** Four entities in one sentence, so that there are two paths between any two, and the first of them in another. */
const crowd: Document = {
  id: "crowd",
  sentences: [
    ["Ada", "Bela", "Cato", "Dora", "."],
    ["Ada", "sleeps", "."],
  ],
  entities: [0, 1, 2, 3].map((start) => {
    const mention = { name: "", type: "PER", sentence: 0, start, end: start + 1 };
    return { mentions: start === 0 ? [mention, { ...mention, sentence: 1 }] : [mention] };
  }),
  relations: [{ head: 0, tail: 1, relation: "likes", evidence: [] }],
  labelled: true,
};

/** Every variant on a pretrained encoder, and the full model on vectors of words. */
const models: [name: string, settings: Partial<GainConfig>, on: "words" | undefined][] = [
  ...Object.entries(GAIN_VARIANTS).map(([name, settings]): [string, Partial<GainConfig>, undefined] => [
    name,
    settings,
    undefined,
  ]),
  ["full, on words", {}, "words"],
];

interface SetUpOptions extends CollateGainOptions {
  readonly texts?: readonly Document[];
  readonly on?: "words" | undefined;
}

async function setUp(
  settings: Partial<GainConfig> = {},
  { texts = documents, on, ...options }: SetUpOptions = {},
): Promise<{ model: GainModel; batch: GainBatch }> {
  const config = defineGainConfig({
    relations: ["likes", "knows"],
    typeSize: 4,
    entityIdSize: 4,
    maxEntities: 8,
    lstmSize: 6,
    ...settings,
  });
  const backbone = on === "words" ? drawWordVectors(documents, { width: 5, random: createRandom(3) }) : tinyBackbone(3);
  const tokenizer = tokenizerOf(backbone);
  const features = await featurizeGainDocuments(texts, tokenizer, config);
  const batch = collateGain(features, tokenizer, config, options);
  return { model: new GainModel(config, backbone, createRandom(1)), batch };
}

describe("nodeVectors", () => {
  it("starts the document's node from its state and mentions from the mean of their tokens", () => {
    const hidden = tf.tensor3d([1, 2, 3, 4, 5, 6], [1, 3, 2]);
    const state = tf.tensor2d([[7, 8]]);
    const tokenShares = tf.tensor3d([0, 0, 0, 0.5, 0, 0.5, 0, 0, 0], [1, 3, 3]);

    const nodes = nodeVectors({ hidden, state }, { tokenShares });

    // The document, the mean of the first and the last token, a mention without tokens.
    expect(nodes.arraySync()).toEqual([
      [
        [7, 8],
        [3, 4],
        [0, 0],
      ],
    ]);
  });
});

describe("entityVectors", () => {
  it("averages mentions, and gives an entity without one zero", () => {
    const nodes = tf.tensor3d([9, 1, 3, 5], [1, 4, 1]);
    const mentionShares = tf.tensor3d([0, 0.5, 0, 0.5, 0, 0, 0, 0], [1, 2, 4]);

    expect([...entityVectors(nodes, { mentionShares }).dataSync()]).toEqual([3, 0]);
  });
});

describe("GainModel", () => {
  it.each(models)("trains every parameter of the variant %s", async (_, variant, on) => {
    const { model, batch } = await setUp(variant, { texts: [crowd, ...documents], pad: "exact", on });
    const parameters = model.parameters();

    const { value, grads } = tf.variableGrads(() => model.loss(batch, INFERENCE), [...parameters.values()]);

    expect(Number.isFinite(value.dataSync()[0])).toBe(true);
    const untrained = [...parameters].filter(([, { name }]) => {
      const gradient = grads[name] as tf.Tensor | undefined;
      return !((gradient?.abs().max().dataSync()[0] ?? 0) > 1e-9);
    });
    // Without the document's node nothing is read from the pooler; a bias of keys moves all scores of a query alike.
    const expected = variant.documentNode === false ? /pooler|key\.bias/ : /key\.bias/;
    expect(untrained.map(([name]) => name).filter((name) => !expected.test(name))).toEqual([]);
  });

  it("scores a pair alike, whatever it is padded with and whoever shares its batch", async () => {
    for (const [, variant, on] of models) {
      const { model, batch } = await setUp(variant, { pad: "exact", on });
      const { batch: padded } = await setUp(variant, { pad: "buckets", on });
      const { batch: alone } = await setUp(variant, { texts: documents.slice(0, 1), on });
      const count = batch.pairs.mask.size;

      const logits = model.logits(batch, INFERENCE);

      const paddedLogits = model.logits(padded, INFERENCE).slice(0, count);
      const aloneCount = alone.pairs.mask.sum().dataSync()[0] as number;
      const aloneLogits = model.logits(alone, INFERENCE).slice(0, aloneCount);
      expect(paddedLogits.sub(logits).abs().max().dataSync()[0]).toBeLessThan(1e-5);
      expect(aloneLogits.sub(logits.slice(0, aloneCount)).abs().max().dataSync()[0]).toBeLessThan(1e-5);
      expect(model.loss(padded, INFERENCE).sub(model.loss(batch, INFERENCE)).abs().dataSync()[0]).toBeLessThan(1e-5);
    }
  });

  it.each(models)("is recorded whole in the variant %s, as one graph", async (_, variant, on) => {
    const { model, batch } = await setUp(variant, { on });
    const variables = [...model.parameters().values()];
    const trained = model.pairMap.head;
    const differentiate = (input: GainBatch, noiseSeed: tf.Tensor1D): tf.Tensor[] => {
      const mode = { training: true, noise: new Noise(noiseSeed) } as const;
      const { value, grads } = tf.variableGrads(() => model.loss(input, mode), variables);
      return [value, grads[trained.name] as tf.Tensor];
    };
    const recorded = record(
      ({ input, noiseSeed }: { input: GainBatch; noiseSeed: tf.Tensor1D }) => differentiate(input, noiseSeed),
      { variables },
    );
    const noiseSeed = tf.tensor1d([3, 4], "int32");

    const [loss, gradient] = recorded({ input: batch, noiseSeed });

    const [plainLoss, plainGradient] = differentiate(batch, noiseSeed);
    expect(
      (loss as tf.Tensor)
        .sub(plainLoss as tf.Tensor)
        .abs()
        .dataSync()[0],
    ).toBeLessThan(1e-5);
    expect(
      (gradient as tf.Tensor)
        .sub(plainGradient as tf.Tensor)
        .abs()
        .max()
        .dataSync()[0],
    ).toBeLessThan(1e-5);
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    recorded.dispose();
  });

  it("is sound about documents with one entity, cut mentions and entities without mentions", async () => {
    const first = documents[0] as Document;
    const odd: Document[] = [
      { ...first, id: "one", entities: first.entities.slice(0, 1), relations: [] },
      { ...first, id: "unnamed", entities: [{ mentions: [] }, ...first.entities.slice(0, 1)], relations: [] },
      { ...first, id: "none", entities: [], relations: [] },
      { ...first, id: "cut", relations: [] },
    ];
    for (const [, variant, on] of models) {
      const { model, batch } = await setUp({ ...variant, maxTokens: 4 }, { texts: odd, pad: "exact", on });
      const parameters = [...model.parameters().values()];

      const { value, grads } = tf.variableGrads(() => model.loss(batch, INFERENCE), parameters);

      const values = [value, ...Object.values(grads)].flatMap((tensor) => (tensor ? [...tensor.dataSync()] : []));
      expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it("refuses texts longer than its encoder takes", async () => {
    await expect(setUp({ maxTokens: 513 })).rejects.toThrow(
      new RangeError("maxTokens must be at most the encoder's 512, got 513."),
    );
  });

  it("leaves nothing behind but its results", async () => {
    for (const [, variant, on] of models) {
      const { model, batch } = await setUp(variant, { on });
      const before = tf.memory().numTensors;

      model.logits(batch, INFERENCE);

      expect(tf.memory().numTensors).toBe(before + 1);
    }
  });

  it("frees all it made when disposed of", async () => {
    const before = tf.memory().numTensors;

    const { model, batch } = await setUp();
    tf.dispose(batch as unknown as tf.TensorContainer);
    model.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });
});
