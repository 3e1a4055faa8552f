import { createRandom, INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import { describeGolden, type GoldenCase, goldenTensor, largestDifference } from "../../../tools/golden-cases.ts";
import {
  compareGradients,
  createGoldenEncoder,
  ENTITY_HEAD,
  loadGoldenWeights,
  readGoldenDocuments,
  readGoldenTokenizer,
} from "./__fixtures__/golden-model.ts";
import { readGoldenSamples, samplesConfig } from "./__fixtures__/golden-samples.ts";
import { collatePureEntities, type PureEntityBatch } from "./entity-batch.ts";
import { featurizePureEntityDocuments, type PureEntityFeatures } from "./entity-features.ts";
import { PureEntityModel } from "./entity-model.ts";

describeGolden("pure", /^entity_model/, (golden) => {
  it("gives the authors' token ids", async () => {
    const { features } = await readCase(golden);
    const ids = goldenTensor(golden, "input/input_ids");
    const width = ids.shape[1] as number;

    for (const [row, { tokenIds }] of features.entries()) {
      expect(tokenIds).toEqual(Array.from(ids.values.subarray(row * width, row * width + tokenIds.length)));
    }
  });

  it("gives the authors' logits and decisions, with either padding", async () => {
    const { model, features, collate } = await readCase(golden);

    for (const pad of ["exact", "buckets"] as const) {
      const logits = model.logits(collate(pad), INFERENCE);

      for (const [row, rows] of bySentence(logits, features).entries()) {
        const spans = rows.shape[0] as number;
        const expected = toSlice(golden, "output/logits", row, spans);
        expect(largestDifference(rows, expected)).toBeLessThan(2e-5);
        expect(largestDifference(rows.argMax(1), toSlice(golden, "output/pred", row, spans))).toBe(0);
      }
    }
  });

  it("gives the authors' span vectors", async () => {
    const { model, features, collate } = await readCase(golden);
    const { input, spans } = collate("exact");

    const vectors = model.spanVectors(model.encode(input, INFERENCE), spans);

    for (const [row, rows] of bySentence(vectors, features).entries()) {
      const count = Math.min(8, rows.shape[0] as number);
      const expected = toSlice(golden, "output/span_embeddings_first8", row, count);
      expect(largestDifference(rows.slice([0, 0], [count, -1]), expected)).toBeLessThan(1e-5);
    }
  });

  it("gives the authors' loss, summed over spans, and gradients", async () => {
    const { model, collate } = await readCase(golden);
    const expectedLoss = goldenTensor(golden, "output/loss").values[0] as number;
    const batch = collate("buckets");

    const { value, differences } = compareGradients(model, golden, ENTITY_HEAD, () => model.loss(batch, INFERENCE));

    expect(Math.abs(value - expectedLoss)).toBeLessThan(2e-6 * expectedLoss);
    expect(differences.size).toBeGreaterThan(10);
    const scale = Math.max(
      ...[...golden.tensors].map(([name, { values }]) => (isGradient(name) ? largest(values) : 0)),
    );
    expect([...differences].filter(([, difference]) => !(difference < 2e-6 * scale))).toEqual([]);
  });
});

interface ReadCase {
  readonly model: PureEntityModel;
  readonly features: readonly PureEntityFeatures[];
  collate(pad: "exact" | "buckets"): PureEntityBatch;
}

async function readCase(golden: GoldenCase): Promise<ReadCase> {
  const samples = readGoldenSamples(golden.json["samples"] as string);
  const config = samplesConfig(samples);
  const tokenizer = readGoldenTokenizer(golden);
  const encoder = createGoldenEncoder(golden);
  const model = new PureEntityModel(config, { encoder }, createRandom(0));
  loadGoldenWeights(model, golden, ENTITY_HEAD);
  const all = await featurizePureEntityDocuments(readGoldenDocuments(samples.docs), tokenizer, config);
  const features = all.slice(0, samples.samples.length);
  return { model, features, collate: (pad) => collatePureEntities(features, { encoder, tokenizer }, { pad }) };
}

/** The rows of each sentence's spans. */
function bySentence(rows: tf.Tensor2D, features: readonly PureEntityFeatures[]): tf.Tensor2D[] {
  let first = 0;
  return features.map(({ spans: { length } }) => rows.slice([(first += length) - length, 0], [length, -1]));
}

/** The first spans of one sentence in a tensor of the case. */
function toSlice(golden: GoldenCase, name: string, row: number, count: number): tf.Tensor {
  const { shape, values, dtype } = goldenTensor(golden, name);
  const all = tf.tensor(values, [...shape], dtype);
  return all.slice([row, 0], [1, count]).squeeze([0]);
}

function isGradient(name: string): boolean {
  return name.startsWith("grad/");
}

function largest(values: Iterable<number>): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
