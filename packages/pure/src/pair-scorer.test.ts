import type { Document } from "@relatum/datasets";
import { tinyBackbone } from "@relatum/encoders/testing";
import { createRandom } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig } from "./config.ts";
import { PurePairScorer, type ScoredPair } from "./pair-scorer.ts";
import type { PureLengthNotice } from "./relation-features.ts";
import { PureRelationModel } from "./relation-model.ts";

const BUDGET = 2 ** 30;

/** Sentences of 5 to 25 words, with a span of a word at every third. */
const documents: Document[] = [9, 25, 5].map((length, index) => ({
  id: `document ${index}`,
  sentences: [Array.from({ length }, (_, word) => `word${index}x${word}`), ["no", "pair"]],
  entities: [],
  relations: [],
  labelled: false,
}));
const spans = documents.map(({ sentences: [words = []] }) => [
  words.flatMap((_, word) => (word % 3 === 0 ? [{ start: word, end: word + 1, label: 1 + (word % 2) }] : [])),
  [],
]);

const base = definePureConfig({ entityTypes: ["Person", "Place"], relations: ["met", "lives in"], approximate: true });

function createScorer(settings: Partial<PureConfig> = {}): PurePairScorer {
  const config = definePureConfig({ ...base, ...settings });
  const backbone = tinyBackbone(3);
  return new PurePairScorer(new PureRelationModel(config, backbone, createRandom(1)), backbone);
}

/** The largest difference of scores; infinite if pairs or their labels differ. */
function difference(left: readonly ScoredPair[], right: readonly ScoredPair[]): number {
  if (left.length !== right.length) return Infinity;
  return Math.max(
    ...left.map((pair, index) => {
      const { score, ...other } = right[index] as ScoredPair;
      return keyOf(pair) === keyOf({ ...other, score }) ? Math.abs(pair.score - score) : Infinity;
    }),
  );
}

function keyOf({ documentId, sentence, head, tail, label }: ScoredPair): string {
  return JSON.stringify([documentId, sentence, head, tail, label]);
}

const scorer = createScorer();
const together = await scorer.score(documents, spans, { budget: BUDGET });

describe("PurePairScorer", () => {
  it("lists every ordered pair of a sentence's spans, in the order of the documents", () => {
    // 3, 9 and 2 spans make 6, 72 and 2 pairs.
    expect(together.map(({ documentId }) => documentId)).toEqual([
      ...Array<string>(6).fill("document 0"),
      ...Array<string>(72).fill("document 1"),
      ...Array<string>(2).fill("document 2"),
    ]);
    expect(together.slice(0, 3).map(({ head, tail }) => [head.start, tail.start])).toEqual([
      [0, 3],
      [0, 6],
      [3, 0],
    ]);
    expect(together.every(({ score }) => score > 1 / 3 && score < 1)).toBe(true);
  });

  it("scores a pair alike, whatever shares its text and its batch", async () => {
    const split = await createScorer({ maxTokens: 64 }).score(documents, spans, { budget: 1 });
    const one = await scorer.score(documents.slice(1, 2), spans.slice(1, 2), { budget: BUDGET });

    expect(difference(together, split)).toBeLessThan(1e-5);
    expect(difference(together.slice(6, 78), one)).toBeLessThan(1e-5);
  });

  it("does not look at the labels", async () => {
    const labelled = documents.map((document): Document => ({
      ...document,
      labelled: true,
      entities: [{ mentions: [] }],
      relations: [{ head: 0, tail: 0, relation: "unheard of", evidence: [] }],
    }));

    const pairs = await scorer.score(labelled, spans, { budget: BUDGET });

    expect(difference(pairs, together)).toBeLessThan(1e-6);
  });

  it("tells of what does not fit", async () => {
    const notices: PureLengthNotice[] = [];
    const notify = (notice: PureLengthNotice): number => notices.push(notice);

    await createScorer({ maxTokens: 16, relationContextWords: 0 }).score(documents, spans, { budget: BUDGET, notify });

    // 25 words and two more tokens do not fit beside four markers; 9 do.
    expect(new Set(notices.map(({ documentId }) => documentId))).toEqual(new Set(["document 1"]));
    expect(new Set(notices.map(({ kind }) => kind))).toEqual(new Set(["sentence-cut", "pair-left-out"]));
  });

  it("leaves no tensor behind", async () => {
    const before = tf.memory().numTensors;

    await scorer.score(documents, spans, { budget: BUDGET });

    expect(tf.memory().numTensors).toBe(before);
  });
});
