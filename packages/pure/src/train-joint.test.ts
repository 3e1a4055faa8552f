import { entityTypes } from "@relatum/datasets";
import { syntheticDocuments } from "@relatum/datasets/testing";
import { tinyBackbone } from "@relatum/encoders/testing";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig } from "./config.ts";
import { trainPureJoint, type TrainPureJointOptions } from "./train-joint.ts";

const relations = ["likes", "knows"];
const documents = syntheticDocuments({ seed: 7, count: 8, relations });

function createOptions(epochs: number): TrainPureJointOptions {
  return {
    backbone: tinyBackbone(1),
    config: definePureConfig({
      entityTypes: entityTypes(documents),
      relations,
      maxSpanWords: 3,
      headSize: 32,
      widthEmbeddingSize: 8,
      headDropout: 0,
      outputDropout: 0,
      architecture: "joint",
      relationInput: "text",
      relationSpans: "pruned",
    }),
    seed: 1,
    epochs,
    batchSize: 32,
    encoderLearningRate: 3e-3,
    headLearningRate: 3e-3,
    warmup: 0.1,
  };
}

describe("trainPureJoint", () => {
  it("learns the relations of eight documents by heart within 300 steps", async () => {
    const { extractor, report } = await trainPureJoint(documents, createOptions(300));

    const { spans, relations: found } = await extractor.extract(documents);

    const mentions = documents.flatMap(({ id, entities }) =>
      entities.flatMap((entity) =>
        entity.mentions.map(({ sentence, start, type }) => `${id} ${sentence} ${start} ${type}`),
      ),
    );
    const facts = documents.flatMap(({ id, entities, relations: labelled }) =>
      labelled.flatMap(({ head, tail, relation }) =>
        (entities[head]?.mentions ?? []).flatMap((from) =>
          (entities[tail]?.mentions ?? [])
            .filter(({ sentence }) => sentence === from.sentence)
            .map((to) => `${id} ${from.sentence} ${from.start} ${to.start} ${relation}`),
        ),
      ),
    );
    expect(report.steps).toBe(300);
    expect(new Set(spans.map((span) => `${span.documentId} ${span.sentence} ${span.start} ${span.type}`))).toEqual(
      new Set(mentions),
    );
    expect(
      new Set(
        found.map(({ documentId, head, tail, relation }) => {
          return `${documentId} ${head.sentence} ${head.start} ${tail.start} ${relation}`;
        }),
      ),
    ).toEqual(new Set(facts));
    extractor.dispose();
  });

  it("leaves nothing behind of an extractor that is disposed of", async () => {
    const before = tf.memory().numTensors;

    const { extractor } = await trainPureJoint(documents, createOptions(1));
    extractor.dispose();

    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses documents without labels or words", async () => {
    const [document] = documents;
    const unlabelled = { ...(document as (typeof documents)[number]), labelled: false };
    const empty = { ...unlabelled, labelled: true, sentences: [[]], entities: [], relations: [] };

    await expect(trainPureJoint([unlabelled], createOptions(1))).rejects.toThrow("documents must be labelled");
    await expect(trainPureJoint([empty], createOptions(1))).rejects.toThrow(
      new RangeError("documents must have words to train on, got none."),
    );
  });
});
