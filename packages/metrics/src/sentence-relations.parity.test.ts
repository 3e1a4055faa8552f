import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseSciErc, parseSciErcPredictions } from "@relatum/datasets";
import { expect, it } from "vitest";

import { describeGolden, goldenFolder } from "../../../tools/golden-cases.ts";
import { scoreSentenceRelations, type SentenceScores } from "./sentence-relations.ts";

/** What the authors' `run_eval.py` counted and computed. */
interface EvaluationCase {
  readonly prediction_file: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly result: Readonly<Record<string, Readonly<Record<"precision" | "recall" | "f1", number>>>>;
}

const LEVELS: readonly (readonly [keyof SentenceScores, result: string, counted: string, matched: string])[] = [
  ["entities", "ner", "ner", "ner_matched"],
  ["relations", "relation", "relations", "relations_matched"],
  ["strictRelations", "strict_relation", "relations", "strict_relations_matched"],
];

describeGolden("pure", /^run_eval/u, (golden) => {
  const { prediction_file, counts, result } = golden.json as unknown as EvaluationCase;
  const text = readFileSync(join(goldenFolder() ?? "", "pure", prediction_file), "utf8");
  const found = parseSciErcPredictions(text);

  it.each(LEVELS)("counts and scores %s exactly as the script", (level, name, counted, matched) => {
    const scores = scoreSentenceRelations(parseSciErc(text), found, { convention: "pure" });

    expect(scores[level]).toEqual({
      correct: counts[matched] ?? 0,
      predicted: counts[`${counted}_predicted`] ?? 0,
      gold: counts[`${counted}_gold`] ?? 0,
      ...result[name],
    });
  });

  it("finds no entity where the gold has flavors, as the script", () => {
    const flavored = parseSciErc(text).map((document) => ({
      ...document,
      entities: document.entities.map(({ mentions }) => ({
        mentions: mentions.map((each) => ({ ...each, flavor: "NAM" })),
      })),
    }));

    const scores = scoreSentenceRelations(flavored, found, { convention: "pure" });

    expect(scores.entities.correct).toBe(0);
    expect(scores.strictRelations.correct).toBe(0);
    expect(scores.relations.correct).toBe(counts["relations_matched"] ?? 0);
  });
});
