import type { Document } from "@relatum/datasets";
import { AlbertEncoder, BertEncoder } from "@relatum/encoders";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, INFERENCE, Noise, softmaxLoss } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig, type PureRelationInput } from "./config.ts";
import { createMarkers } from "./markers.ts";
import { collatePureRelations, type CollatePureRelationsOptions, type PureRelationBatch } from "./relation-batch.ts";
import {
  featurizePureRelationDocuments,
  type PureRelationFeatureOptions,
  type PureRelationFeatures,
} from "./relation-features.ts";
import { approximationMask, PureRelationModel } from "./relation-model.ts";
import { labelledSpans } from "./spans.ts";

const document: Document = {
  id: "one",
  sentences: [
    ["Ada", "Byron", "met", "Charles", "in", "London"],
    ["He", "lived", "there"],
  ],
  entities: [
    { mentions: [{ name: "Ada Byron", type: "Person", sentence: 0, start: 0, end: 2 }] },
    { mentions: [{ name: "Charles", type: "Person", sentence: 0, start: 3, end: 4 }] },
    { mentions: [{ name: "London", type: "Place", sentence: 0, start: 5, end: 6 }] },
    { mentions: [{ name: "He", type: "Person", sentence: 1, start: 0, end: 1 }] },
    { mentions: [{ name: "there", type: "Place", sentence: 1, start: 2, end: 3 }] },
  ],
  relations: [
    { head: 0, tail: 1, relation: "met", evidence: [] },
    { head: 3, tail: 4, relation: "lives in", evidence: [] },
  ],
  labelled: true,
};

const base = definePureConfig({ entityTypes: ["Person", "Place"], relations: ["met", "lives in"], maxSpanWords: 3 });

interface SetUpOptions extends CollatePureRelationsOptions, Partial<Pick<PureRelationFeatureOptions, "pairsPerText">> {}

async function setUp(
  settings: Partial<PureConfig> = {},
  { pad = "buckets", markersOnly = false, pairsPerText = "many" }: SetUpOptions = {},
): Promise<{ model: PureRelationModel; batch: PureRelationBatch; features: readonly PureRelationFeatures[] }> {
  const config = definePureConfig({ ...base, ...settings });
  const backbone = tinyBackbone(3);
  const { features } = await featurizePureRelationDocuments([document], [labelledSpans(document, config.entityTypes)], {
    config,
    pairsPerText,
    tokenizer: backbone.tokenizer,
    markers: createMarkers(backbone.tokenizer, config),
    encoderTokens: backbone.encoder.maxTokens,
  });
  return {
    features,
    model: new PureRelationModel(config, backbone, createRandom(1)),
    batch: collatePureRelations(features, backbone.tokenizer, config, { pad, markersOnly }),
  };
}

/** Logits of the document's eight pairs. */
function pairLogits(model: PureRelationModel, batch: PureRelationBatch): tf.Tensor {
  return model.logits(batch, INFERENCE).slice([0, 0], [8, -1]);
}

function difference(left: tf.Tensor, right: tf.Tensor): number {
  return left.sub(right).abs().max().dataSync()[0] as number;
}

const INPUTS = ["text", "text-etype", "markers", "markers-etype", "markers-eloss", "typed-markers"] as const;
const MODELS: (readonly [PureRelationInput, boolean])[] = [
  ...INPUTS.map((input) => [input, false] as const),
  ...INPUTS.slice(2).map((input) => [input, true] as const),
];

/** Recording takes seconds; these have all operations between them. */
const RECORDED: typeof MODELS = [
  ["text-etype", false],
  ["markers-eloss", false],
  ["typed-markers", true],
];

describe("approximationMask", () => {
  it("lets all see the text, and markers those of their own pair", () => {
    // Two tokens of text, two pairs of two markers each, padding.
    const textMask = tf.tensor2d([[1, 1, 0, 0, 0, 0, 0]]);
    const groups = tf.tensor2d([[0, 0, 1, 1, 2, 2, 0]], [1, 7], "int32");

    const mask = approximationMask(textMask, groups).arraySync()[0];

    expect(mask).toEqual([
      [1, 1, 0, 0, 0, 0, 0],
      [1, 1, 0, 0, 0, 0, 0],
      [1, 1, 1, 1, 0, 0, 0],
      [1, 1, 1, 1, 0, 0, 0],
      [1, 1, 0, 0, 1, 1, 0],
      [1, 1, 0, 0, 1, 1, 0],
      [1, 1, 0, 0, 0, 0, 0],
    ]);
  });
});

describe("PureRelationModel", () => {
  it.each(MODELS.slice(2))("scores pairs alike where markers alone are encoded: %s, approximate %s", async (...of) => {
    const [relationInput, approximate] = of;
    const { model, batch } = await setUp({ relationInput, approximate });
    const expected = pairLogits(model, batch);

    for (const pad of ["exact", "buckets"] as const) {
      const { batch: narrow } = await setUp({ relationInput, approximate }, { pad, markersOnly: true });
      const before = tf.memory().numTensors;

      const hidden = model.encode(narrow.input, INFERENCE);

      expect(tf.memory().numTensors).toBe(before + 1);
      expect(hidden.shape[1]).toBe(narrow.input.startMarkers?.shape[1]);
      expect(hidden.shape[1]).toBeLessThan(narrow.input.tokenIds.shape[1]);
      expect(difference(pairLogits(model, narrow), expected)).toBeLessThan(1e-6);
    }
  });

  it.each(MODELS)("scores pairs alike whatever they are padded to: %s, approximate %s", async (input, approximate) => {
    const { model, batch } = await setUp({ relationInput: input, approximate }, { pad: "exact" });
    const { batch: padded } = await setUp({ relationInput: input, approximate }, { pad: "buckets" });

    expect(padded.input.tokenIds.size).toBeGreaterThan(batch.input.tokenIds.size);
    expect(difference(pairLogits(model, padded), pairLogits(model, batch))).toBeLessThan(1e-5);
    const [loss, paddedLoss] = [batch, padded].map((each) => model.loss(each, INFERENCE)) as [tf.Scalar, tf.Scalar];
    expect(difference(loss, paddedLoss)).toBeLessThan(1e-5);
  });

  it.each(MODELS)("trains every parameter: %s, approximate %s", async (relationInput, approximate) => {
    const { model, batch } = await setUp({ relationInput, approximate });
    const parameters = model.parameters();

    const { grads } = tf.variableGrads(() => model.loss(batch, INFERENCE), [...parameters.values()]);

    const untrained = [...parameters].filter(([, { name }]) => {
      const gradient = grads[name] as tf.Tensor | undefined;
      return !((gradient?.abs().max().dataSync()[0] ?? 0) > 1e-9);
    });
    // The pooler is in the encoder, not in PURE; a bias of keys moves all scores of a query alike.
    expect(untrained.map(([name]) => name).filter((name) => !/pooler|key\.bias/.test(name))).toEqual([]);
  });

  it("approximates a pair alike, alone behind its text or with the others", async () => {
    const { model, batch, features } = await setUp({ approximate: true });
    const { batch: alone, features: single } = await setUp({ approximate: true }, { pairsPerText: "one" });

    expect([features.length, single.length]).toEqual([2, 8]);
    expect(difference(pairLogits(model, batch), pairLogits(model, alone))).toBeLessThan(1e-5);
  });

  it("approximates on ALBERT too, which the authors' code refuses", async () => {
    const { batch } = await setUp({ approximate: true });
    const { batch: alone } = await setUp({ approximate: true }, { pairsPerText: "one" });
    const sizes = { vocabularySize: 512, embeddingSize: 8, hiddenSize: 16, heads: 2, intermediateSize: 32 };
    const shape = { layers: 2, groups: 1, layersPerGroup: 1, maxPositions: 64, typeVocabularySize: 2, padId: 0 };
    const rest = { dropout: 0, attentionDropout: 0, layerNormEpsilon: 1e-12, activation: "gelu_new" } as const;
    const encoder = new AlbertEncoder({ family: "albert", ...sizes, ...shape, ...rest }, createRandom(1));
    const model = new PureRelationModel(definePureConfig({ ...base, approximate: true }), { encoder }, createRandom(1));

    expect(difference(pairLogits(model, batch), pairLogits(model, alone))).toBeLessThan(1e-5);
  });

  it.each(["bert", "roberta"] as const)("leaves the text as it is without markers behind it: %s", async (family) => {
    const { batch } = await setUp({ approximate: true }, { pad: "exact" });
    const { batch: plain } = await setUp({ relationInput: "text" }, { pad: "exact" });
    const sizes = { vocabularySize: 512, hiddenSize: 16, layers: 2, heads: 2, intermediateSize: 32, maxPositions: 64 };
    const rest = { typeVocabularySize: 2, layerNormEpsilon: 1e-12, activation: "gelu", padId: 0 } as const;
    const encoder = new BertEncoder({ family, ...sizes, ...rest, dropout: 0, attentionDropout: 0 }, createRandom(1));
    const model = new PureRelationModel(definePureConfig({ ...base, approximate: true }), { encoder }, createRandom(1));

    const hidden = model.encode(batch.input, INFERENCE);

    const expected = model.encode(plain.input, INFERENCE);
    const [, tokens] = plain.input.tokenIds.shape;
    expect(hidden.shape[1]).toBeGreaterThan(tokens);
    // The first text has no padding in either.
    expect(difference(hidden.slice([0, 0], [1, tokens]), expected.slice([0, 0], [1, tokens]))).toBeLessThan(1e-5);
  });

  it("equals the full model where positions and sight are the same", async () => {
    // Three tokens of text and two markers, all seeing each other: one row with the markers behind it, one with them inside.
    const { model } = await setUp();
    const ints = (values: number[]): tf.Tensor2D => tf.tensor2d(values, [1, values.length], "int32");
    const behind = {
      tokenIds: ints([2, 10, 3, 11, 12]),
      mask: tf.ones<tf.Rank.R2>([1, 5]),
      positionIds: ints([0, 2, 4, 1, 3]),
    };
    const inside = { tokenIds: ints([2, 11, 10, 12, 3]), mask: tf.ones<tf.Rank.R2>([1, 5]) };

    const [left, right] = [behind, inside].map((input) => model.encoder.encode(input, INFERENCE).hidden);

    const order = tf.tensor1d([0, 3, 1, 4, 2], "int32");
    expect(difference((left as tf.Tensor).gather(order, 1), right as tf.Tensor)).toBeLessThan(1e-5);
  });

  it("joins first token, last token and width of both spans and their product, without markers", async () => {
    const { model, batch } = await setUp({ relationInput: "text", widthEmbeddingSize: 5 }, { pad: "exact" });
    const hidden = model.encode(batch.input, INFERENCE);

    const vectors = model.pairVectors(hidden, batch.pairs);

    const token = (place: number): number[] =>
      hidden.slice([0, place, 0], [1, 1, -1]).flatten().arraySync() as number[];
    const widths = model.widthEmbedding?.weight as tf.Tensor;
    const width = (words: number): number[] => widths.slice([words, 0], [1, -1]).flatten().arraySync() as number[];
    // Ada Byron and Charles, after the start token.
    const head = [...token(1), ...token(2), ...width(2)];
    const tail = [...token(4), ...token(4), ...width(1)];
    const product = head.map((value, index) => value * (tail[index] as number));
    expect(difference(vectors.slice([0, 0], [1, -1]).flatten(), tf.tensor1d([...head, ...tail, ...product]))).toBe(0);
  });

  it("adds the vectors of both types to the markers'", async () => {
    const { model, batch } = await setUp({ relationInput: "markers-etype", typeEmbeddingSize: 4 });
    const hidden = model.encode(batch.input, INFERENCE);
    const types = model.typeEmbedding?.weight as tf.Tensor;

    const last = model.pairVectors(hidden, batch.pairs).slice([1, 64], [1, -1]).flatten();

    // Ada Byron is a person, London a place.
    expect(difference(last, types.slice([1, 0], [2, -1]).flatten())).toBe(0);
  });

  it("adds the loss of both spans' types to the relation's, if told to", async () => {
    const { model, batch } = await setUp({ relationInput: "markers-eloss" }, { pad: "exact" });
    const { heads, tails } = batch.pairs;
    const hidden = model.encode(batch.input, INFERENCE);

    const loss = model.loss(batch, INFERENCE);

    const parts = [
      softmaxLoss(model.logits(batch, INFERENCE), batch.targets),
      softmaxLoss(model.typeLogits(hidden, heads, INFERENCE), heads.types),
      softmaxLoss(model.typeLogits(hidden, tails, INFERENCE), tails.types),
    ];
    expect(difference(loss, tf.addN(parts))).toBeLessThan(1e-5);
  });

  it("learns the last of several labels of a pair", async () => {
    const backbone = tinyBackbone(3);
    const { features } = await setUp();
    const [first] = features as [PureRelationFeatures];
    const relabelled = { ...first, pairs: first.pairs.map((pair) => ({ ...pair, labelIds: [2, 1] })) };

    const { targets } = collatePureRelations([relabelled], backbone.tokenizer, base);

    expect([...targets.dataSync()]).toEqual([1]);
  });

  it.each(RECORDED)("is recorded whole, as one graph: %s, approximate %s", async (relationInput, approximate) => {
    const { model, batch } = await setUp({ relationInput, approximate });
    const variables = [...model.parameters().values()];
    const trained = model.classifier.weight;
    const differentiate = (input: PureRelationBatch, noiseSeed: tf.Tensor1D): tf.Tensor[] => {
      const mode = { training: true, noise: new Noise(noiseSeed) } as const;
      const { value, grads } = tf.variableGrads(() => model.loss(input, mode), variables);
      return [value, grads[trained.name] as tf.Tensor];
    };
    const recorded = record(
      ({ input, noiseSeed }: { input: PureRelationBatch; noiseSeed: tf.Tensor1D }) => differentiate(input, noiseSeed),
      { variables },
    );
    const noiseSeed = tf.tensor1d([1, 2], "int32");

    const [loss, gradient] = recorded({ input: batch, noiseSeed }) as [tf.Tensor, tf.Tensor];

    const [plainLoss, plainGradient] = differentiate(batch, noiseSeed) as [tf.Tensor, tf.Tensor];
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    expect(difference(loss, plainLoss)).toBeLessThan(1e-5);
    expect(difference(gradient, plainGradient)).toBeLessThan(1e-5);
    recorded.dispose();
  });

  it("names its parameters by part", async () => {
    const parts = async (relationInput: PureRelationInput): Promise<string[]> => {
      const { model } = await setUp({ relationInput });
      return [...new Set([...model.parameters().keys()].map((name) => name.split(".")[0] as string))];
    };

    expect(await parts("typed-markers")).toEqual(["encoder", "norm", "classifier"]);
    expect(await parts("text-etype")).toEqual(["encoder", "widthEmbedding", "typeEmbedding", "norm", "classifier"]);
    expect(await parts("markers-eloss")).toEqual([
      "encoder",
      "typeFeedForward",
      "typeClassifier",
      "norm",
      "classifier",
    ]);
  });

  it("tells no types without the auxiliary loss", async () => {
    const { model, batch } = await setUp();
    const hidden = model.encode(batch.input, INFERENCE);

    expect(() => model.typeLogits(hidden, batch.pairs.heads, INFERENCE)).toThrow(
      new TypeError('relationInput must be "markers-eloss" to tell types, got "typed-markers".'),
    );
  });

  it("leaves one tensor behind, its result, and nothing of a batch that is disposed of", async () => {
    const before = tf.memory().numTensors;
    const { model, batch } = await setUp({ approximate: true });
    const built = tf.memory().numTensors;

    const loss = model.loss(batch, INFERENCE);

    expect(tf.memory().numTensors).toBe(built + 1);
    tf.dispose([loss, batch] as unknown as tf.TensorContainer);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
