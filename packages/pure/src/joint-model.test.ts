import type { Document } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom, INFERENCE, Noise } from "@relatum/tensor-utils";
import { record } from "@relatum/tensor-utils/graph";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import { collatePureJoint, type PureJointBatch } from "./joint-batch.ts";
import { featurizePureJointDocuments, type PureJointFeatures } from "./joint-features.ts";
import { keepSpans, labelPairs, PureJointModel } from "./joint-model.ts";
import { pruneSpans } from "./pruning.ts";
import { PureRelationModel } from "./relation-model.ts";

const config = definePureConfig({
  entityTypes: ["Person", "Place"],
  relations: ["lives in", "knows"],
  maxSpanWords: 3,
  entityContextWords: 0,
  architecture: "joint",
  relationInput: "text",
  relationSpans: "pruned",
});

/** Two sentences of 5 and 3 words, of which 2 spans are kept each: 0.4 · 5, and 0.4 · 3 rounded up. */
const document: Document = {
  id: "one",
  sentences: [
    ["Ada", "Byron", "lived", "in", "London"],
    ["Ada", "knew", "Charles"],
  ],
  entities: [
    { mentions: [{ name: "Ada Byron", type: "Person", sentence: 0, start: 0, end: 2 }] },
    { mentions: [{ name: "London", type: "Place", sentence: 0, start: 4, end: 5 }] },
    { mentions: [{ name: "Ada", type: "Person", sentence: 1, start: 0, end: 1 }] },
    { mentions: [{ name: "Charles", type: "Person", sentence: 1, start: 2, end: 3 }] },
  ],
  relations: [
    { head: 0, tail: 1, relation: "lives in", evidence: [] },
    { head: 2, tail: 3, relation: "knows", evidence: [] },
  ],
  labelled: true,
};

async function setUp(
  settings: Partial<PureConfig> = {},
  pad: "exact" | "buckets" = "buckets",
): Promise<{ model: PureJointModel; batch: PureJointBatch; features: PureJointFeatures[] }> {
  const backbone = tinyBackbone(3);
  const own = definePureConfig({ ...config, ...settings });
  const features = await featurizePureJointDocuments([document], backbone.tokenizer, own);
  const entity = new PureEntityModel(own, backbone, createRandom(1));
  const relation = new PureRelationModel(own, backbone, createRandom(2));
  return {
    model: new PureJointModel(entity, relation),
    batch: collatePureJoint(features, backbone, own, { pad }),
    features,
  };
}

describe("keepSpans", () => {
  it("keeps the spans that are likeliest something, the same as pruning after inference does", async () => {
    const { model, batch, features } = await setUp();
    const logits = model.entity.logits(batch, INFERENCE);
    const probabilities = logits.softmax(1).arraySync() as number[][];

    const kept = keepSpans(logits, batch.pruning).arraySync();

    let first = 0;
    for (const [row, { spans, wordStarts }] of features.entries()) {
      const scored = spans.map((span, place) => {
        const entityScore = 1 - (probabilities[first + place]?.[0] as number);
        return { ...span, label: 0, score: 0, entityScore };
      });
      first += spans.length;
      const places = pruneSpans(scored, wordStarts.length, config.spansPerWord).map((span) => scored.indexOf(span));
      expect((kept[row] as number[]).slice(0, 2).toSorted((left, right) => left - right)).toEqual(places);
    }
  });
});

describe("labelPairs", () => {
  it("gives a pair of kept spans its relation, and every other pair none", () => {
    const kept = tf.tensor2d(
      [
        [5, 2],
        [0, 1],
      ],
      [2, 2],
      "int32",
    );
    // In the first sentence 2 → 5 is relation 3, and 2 → 4 was pruned; the second has padding only.
    const relations = {
      heads: tf.tensor2d([2, 2, 0, 0], [2, 2], "int32"),
      tails: tf.tensor2d([5, 4, 0, 0], [2, 2], "int32"),
      labels: tf.tensor2d([3, 1, 0, 0], [2, 2]),
    };

    const labels = labelPairs(kept, relations);

    // 5→5, 5→2, 2→5, 2→2 in the first.
    expect([...labels.dataSync()]).toEqual([0, 0, 3, 0, 0, 0, 0, 0]);
  });
});

describe("PureJointModel", () => {
  it("adds the loss of the kept spans' pairs, summed, to the entity model's loss", async () => {
    const { model, batch, features } = await setUp();
    const logits = model.entity.logits(batch, INFERENCE);
    const kept = keepSpans(logits, batch.pruning).arraySync();
    const hidden = model.entity.encode(batch.input, INFERENCE);
    const width = hidden.shape[1];

    const loss = model.loss(batch, INFERENCE).dataSync()[0] as number;

    // Every ordered pair of different kept spans, placed by hand.
    const pairs = features.flatMap(({ spans, wordStarts, wordEnds, relations }, row) => {
      const places = (kept[row] as number[]).slice(0, 2);
      const side = (place: number) => {
        const { start, end } = spans[place] as (typeof spans)[number];
        return [row * width + (wordStarts[start] as number), row * width + (wordEnds[end - 1] as number), end - start];
      };
      return places.flatMap((head) =>
        places.flatMap((tail) => {
          const found = relations.find((relation) => relation.head === head && relation.tail === tail);
          return head === tail ? [] : [{ head: side(head), tail: side(tail), label: found?.label ?? 0 }];
        }),
      );
    });
    const column = (values: (number | undefined)[]): tf.Tensor1D => tf.tensor1d(values as number[], "int32");
    const sideOf = (name: "head" | "tail") => ({
      starts: column(pairs.map((pair) => pair[name][0])),
      ends: column(pairs.map((pair) => pair[name][1])),
      widths: column(pairs.map((pair) => pair[name][2])),
      types: column(pairs.map(() => 0)),
    });
    const placed = { heads: sideOf("head"), tails: sideOf("tail"), mask: tf.ones<tf.Rank.R1>([pairs.length]) };
    const scores = model.relation.classify(hidden, placed, INFERENCE).logSoftmax(1).arraySync() as number[][];
    const pairLosses = pairs.map(({ label }, index) => -(scores[index]?.[label] as number));
    const entityLoss = model.entity.loss(batch, INFERENCE).dataSync()[0] as number;
    expect(pairs).toHaveLength(4);
    expect(loss).toBeCloseTo(entityLoss + pairLosses.reduce((total, value) => total + value, 0), 3);
  });

  it("gives the same loss whatever it is padded to", async () => {
    const { model, batch } = await setUp({}, "exact");
    const { batch: padded } = await setUp({}, "buckets");

    const [exact, bucketed] = [batch, padded].map((input) => model.loss(input, INFERENCE).dataSync()[0] as number);

    expect(Math.abs((exact as number) - (bucketed as number))).toBeLessThan(1e-4);
  });

  it("stays finite where no sentence has two spans to pair", async () => {
    const { model, features } = await setUp();
    const backbone = tinyBackbone(3);
    const single = { ...(features[1] as PureJointFeatures), wordStarts: [1], wordEnds: [1], relations: [] };
    const spans = [{ start: 0, end: 1 }];
    const batch = collatePureJoint([{ ...single, spans, labels: [1] }], backbone, config);

    expect(Number.isFinite(model.loss(batch, INFERENCE).dataSync()[0])).toBe(true);
  });

  it.each(["text", "text-etype"] as const)("trains every parameter with the input %s", async (relationInput) => {
    const { model, batch } = await setUp({ relationInput });
    const parameters = model.parameters();

    const { grads } = tf.variableGrads(() => model.loss(batch, INFERENCE), [...parameters.values()]);

    const untrained = [...parameters].filter(([, { name }]) => {
      const gradient = grads[name] as tf.Tensor | undefined;
      return !((gradient?.abs().max().dataSync()[0] ?? 0) > 1e-9);
    });
    expect(untrained.map(([name]) => name).filter((name) => !/pooler|key\.bias/.test(name))).toEqual([]);
    expect([...parameters.keys()].filter((name) => /^(?:entity|relation)\.encoder/.test(name))).toEqual([]);
  });

  it("is recorded whole, loss and gradients, as one graph", async () => {
    const { model, batch } = await setUp({ relationInput: "text-etype" });
    const variables = [...model.parameters().values()];
    const trained = model.relation.classifier.weight;
    const differentiate = (input: PureJointBatch, noiseSeed: tf.Tensor1D): tf.Tensor[] => {
      const mode = { training: true, noise: new Noise(noiseSeed) } as const;
      const { value, grads } = tf.variableGrads(() => model.loss(input, mode), variables);
      return [value, grads[trained.name] as tf.Tensor];
    };
    const recorded = record(
      ({ input, noiseSeed }: { input: PureJointBatch; noiseSeed: tf.Tensor1D }) => differentiate(input, noiseSeed),
      { variables },
    );
    const noiseSeed = tf.tensor1d([1, 2], "int32");

    const [loss, gradient] = recorded({ input: batch, noiseSeed }) as [tf.Tensor, tf.Tensor];

    const [plainLoss, plainGradient] = differentiate(batch, noiseSeed) as [tf.Tensor, tf.Tensor];
    expect(recorded.graphCount()).toBe(tf.getBackend() === "tensorflow" ? 1 : 0);
    expect(loss.sub(plainLoss).abs().dataSync()[0]).toBeLessThan(1e-3);
    expect(gradient.sub(plainGradient).abs().max().dataSync()[0]).toBeLessThan(1e-4);
    recorded.dispose();
  });

  it("leaves one tensor behind, its result", async () => {
    const { model, batch } = await setUp();
    const before = tf.memory().numTensors;

    model.loss(batch, INFERENCE);

    expect(tf.memory().numTensors).toBe(before + 1);
  });

  it("refuses markers and two encoders", () => {
    const backbone = tinyBackbone(1);
    const entity = new PureEntityModel(config, backbone, createRandom(1));
    const marked = { ...config, architecture: "separate", relationInput: "markers" } as const;

    expect(() => new PureJointModel(entity, new PureRelationModel(marked, backbone, createRandom(1)))).toThrow(
      new RangeError('relationInput must be "text" or "text-etype" in a joint model, got "markers".'),
    );
    expect(() => new PureJointModel(entity, new PureRelationModel(config, tinyBackbone(2), createRandom(1)))).toThrow(
      "models must share their encoder, got two.",
    );
  });
});
