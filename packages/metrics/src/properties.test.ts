import type { Document, EntityRelation } from "@relatum/datasets";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { documentOf, relationOf } from "./__fixtures__/documents.ts";
import { precisionRecallF1 } from "./counts.ts";
import { precisionRecallCurve } from "./curves.ts";
import { scoreDocumentRelations } from "./document-relations.ts";
import { scoreByEntityCount, scoreByRelation, scoreCandidatePairs } from "./grouped-relations.ts";
import { scoreInferenceRelations } from "./inference-relations.ts";
import { bestThresholdsPerRelation } from "./relation-thresholds.ts";
import { countsByDocument } from "./significance.ts";
import { bestGlobalThreshold, bestThreshold, keepScored } from "./threshold.ts";

const entity = fc.nat({ max: 4 });
const triple = fc.tuple(entity, fc.constantFrom("r", "s"), entity);
const places = fc.array(fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 2 }), { minLength: 5, maxLength: 5 });
const goldDocuments: fc.Arbitrary<Document[]> = fc
  .array(fc.tuple(fc.array(triple, { maxLength: 8 }), places), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.map(([facts, sentences], index) => documentOf(`D${index}`, facts, sentences)));
/** Scores are few, so that many are equal; `D4` is never gold. */
const candidates: fc.Arbitrary<EntityRelation[]> = fc.array(
  fc
    .tuple(fc.nat({ max: 4 }), triple, fc.integer({ min: 0, max: 10 }))
    .map(([document, found, tenths]) => relationOf(`D${document}`, found, tenths / 10)),
  { minLength: 1, maxLength: 30 },
);

describe("scores of any gold and predictions", () => {
  it("have an F1 between precision and recall", () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(50), (correct, wrong, missed) => {
        const counts = { correct, predicted: correct + wrong, gold: correct + missed };

        const { precision, recall, f1 } = precisionRecallF1(counts);

        expect(f1).toBeGreaterThanOrEqual(Math.min(precision, recall) - 1e-12);
        expect(f1).toBeLessThanOrEqual(Math.max(precision, recall) + 1e-12);
        expect(f1).toBeCloseTo((2 * correct) / Math.max(counts.predicted + counts.gold, 1), 12);
      }),
    );
  });

  it("do not depend on the order of documents or predictions", () => {
    fc.assert(
      fc.property(goldDocuments, candidates, (gold, found) => {
        const scores = scoreDocumentRelations(gold, found);
        const turned = scoreDocumentRelations(gold.toReversed(), found.toReversed());

        expect(turned).toEqual(scores);
        expect(bestThreshold(gold.toReversed(), found.toReversed())).toEqual(bestThreshold(gold, found));
        expect(precisionRecallCurve(gold, found.toReversed())).toEqual(precisionRecallCurve(gold, found));
      }),
    );
  });

  it("sum to the whole by sentence, by document, by relation and by number of entities", () => {
    fc.assert(
      fc.property(goldDocuments, candidates, (gold, found) => {
        const { all, withinSentence, acrossSentences } = scoreDocumentRelations(gold, found);
        const known = scoreDocumentRelations(
          gold,
          found.filter(({ documentId }) => gold.some(({ id }) => id === documentId)),
        );

        const sums = (["correct", "predicted", "gold"] as const).map((count) => [
          withinSentence[count] + acrossSentences[count],
          sum(countsByDocument(gold, found).map((counts) => counts[count])),
          sum([...scoreByRelation(gold, found).values()].map((counts) => counts[count])),
        ]);
        const inRanges = sum(scoreByEntityCount(gold, found, [2, 5]).map(({ scores }) => scores.all.predicted));

        const wholes = [all.correct, all.predicted, all.gold];
        expect(sums).toEqual(wholes.map((whole) => [whole, whole, whole]));
        expect(inRanges).toBe(known.all.predicted);
      }),
    );
  });

  it("are perfect for the gold itself", () => {
    fc.assert(
      fc.property(goldDocuments, (gold) => {
        const found = gold.flatMap(({ id, relations }) =>
          relations.map((fact) => ({ documentId: id, score: 1, ...fact })),
        );

        const { all } = scoreDocumentRelations(gold, found);

        expect(all.f1).toBe(found.length === 0 ? 0 : 1);
        expect(all.predicted).toBe(all.gold);
        expect(scoreCandidatePairs(gold, found)).toEqual(all);
        const inference = scoreInferenceRelations(gold, found);
        expect(inference.correct).toBe(inference.gold);
        expect(inference.predicted).toBe(inference.gold);
      }),
    );
  });
});

describe("thresholds of any scored candidates", () => {
  it("are at least as good as any other: per relation, then any single one, then those of the grid", () => {
    fc.assert(
      fc.property(goldDocuments, candidates, fc.integer({ min: 0, max: 10 }), (gold, scored, tenths) => {
        const f1With = (threshold: number | ReadonlyMap<string, number>): number =>
          scoreDocumentRelations(gold, keepScored(scored, threshold)).all.f1;
        const best = bestThreshold(gold, scored);
        const global = bestGlobalThreshold(gold, scored);
        const perRelation = f1With(bestThresholdsPerRelation(gold, scored, { start: best.threshold }));

        expect(best.scores.all.f1).toBe(f1With(best.threshold));
        expect(best.scores.all.f1).toBeGreaterThanOrEqual(f1With(tenths / 10) - 1e-12);
        expect(best.scores.all.f1).toBeGreaterThanOrEqual(global.scores.all.f1 - 1e-12);
        expect(perRelation).toBeGreaterThanOrEqual(best.scores.all.f1 - 1e-12);
      }),
    );
  });

  it("lie on the curve, whose recall never falls and whose area is at most 1", () => {
    fc.assert(
      fc.property(goldDocuments, candidates, (gold, scored) => {
        const { thresholds, recalls, precisions, area } = precisionRecallCurve(gold, scored);

        for (const [index, threshold] of thresholds.entries()) {
          const { all } = scoreDocumentRelations(gold, keepScored(scored, threshold));
          expect([all.recall, all.precision]).toEqual([recalls[index], precisions[index]]);
          expect(recalls[index]).toBeGreaterThanOrEqual(recalls[index - 1] ?? 0);
        }
        expect(area).toBeGreaterThanOrEqual(0);
        expect(area).toBeLessThanOrEqual(1);
      }),
    );
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
