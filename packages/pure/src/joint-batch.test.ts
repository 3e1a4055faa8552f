import type { Document } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig } from "./config.ts";
import { collatePureJoint } from "./joint-batch.ts";
import { featurizePureJointDocuments } from "./joint-features.ts";

const config = definePureConfig({
  entityTypes: ["Person"],
  relations: ["likes", "knows"],
  maxSpanWords: 2,
  spansPerWord: 0.5,
  architecture: "joint",
  relationInput: "text",
});

const person = (start: number, end: number): Document["entities"][number] => ({
  mentions: [{ name: "x", type: "Person", sentence: 0, start, end }],
});

/** Four words, whose spans are 0, 0–1, 1, 1–2, 2, 2–3, 3; and one word. */
const document: Document = {
  id: "one",
  sentences: [["a", "b", "c", "d"], ["e"]],
  entities: [person(0, 1), person(2, 4), person(0, 3)],
  relations: [
    { head: 0, tail: 1, relation: "knows", evidence: [] },
    { head: 0, tail: 1, relation: "likes", evidence: [] },
    { head: 2, tail: 0, relation: "likes", evidence: [] },
  ],
  labelled: true,
};

describe("featurizePureJoint", () => {
  it("gives relations by the places of their spans, the last one of a pair, none of a span that is too long", async () => {
    const [first, second] = await featurizePureJointDocuments([document], tinyBackbone().tokenizer, config);

    expect(first?.spans).toHaveLength(7);
    expect(first?.relations).toEqual([{ head: 0, tail: 5, label: 1 }]);
    expect(second?.relations).toEqual([]);
  });

  it("gives no relations of an unlabelled document", async () => {
    const unlabelled = { ...document, labelled: false };

    const [first] = await featurizePureJointDocuments([unlabelled], tinyBackbone().tokenizer, config);

    expect(first?.relations).toEqual([]);
  });
});

describe("collatePureJoint", () => {
  it("numbers the spans of each sentence and counts those that are kept", async () => {
    const backbone = tinyBackbone();
    const features = await featurizePureJointDocuments([document], backbone.tokenizer, config);
    const before = tf.memory().numTensors;

    const batch = collatePureJoint(features, backbone, config, { pad: "exact" });

    expect(batch.pruning.spans.arraySync()).toEqual([
      [0, 1, 2, 3, 4, 5, 6],
      [7, 0, 0, 0, 0, 0, 0],
    ]);
    expect(batch.pruning.spanMask.arraySync()[1]).toEqual([1, 0, 0, 0, 0, 0, 0]);
    // Half of four words, and of one word rounded up.
    expect(batch.pruning.keptMask.arraySync()).toEqual([
      [1, 1],
      [1, 0],
    ]);
    expect(batch.relations.heads.arraySync()).toEqual([[0], [0]]);
    expect(batch.relations.tails.arraySync()).toEqual([[5], [0]]);
    expect(batch.relations.labels.arraySync()).toEqual([[1], [0]]);
    tf.dispose(batch as unknown as tf.TensorContainer);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("has room for all that are kept where sizes are rounded up", async () => {
    const backbone = tinyBackbone();
    const all = { ...config, spansPerWord: 5 };
    const features = await featurizePureJointDocuments([document], backbone.tokenizer, all);

    const { pruning } = collatePureJoint(features, backbone, all);

    // Seven spans make buckets of eight.
    expect([pruning.spans.shape, pruning.keptMask.shape]).toEqual([
      [2, 8],
      [2, 8],
    ]);
    expect(pruning.keptMask.sum(1).arraySync()).toEqual([7, 1]);
  });
});
