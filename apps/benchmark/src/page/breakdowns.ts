import type { Document, Extraction } from "@relatum/datasets";
import { precisionRecallCurve, scoreByEntityCount } from "@relatum/metrics";

import { meanOf } from "../results.ts";
import { round } from "./learning-curves.ts";
import type { Setting, Split } from "./settings.ts";

/** Points that a precision–recall curve is thinned to. */
const MOST_POINTS = 120;

/** A point of a precision–recall curve, in percent. */
export interface CurvePoint {
  readonly model: string;
  readonly seed: string;
  readonly recall: number;
  readonly precision: number;
  /** Place on the curve, from the surest relation on; −1 for a point beside it. */
  readonly order: number;
  /** 1 for the model's own threshold. */
  readonly last: 0 | 1;
}

/** F1 of the documents with so many entities, the mean over seeds, in percent. */
export interface EntityCountScore {
  readonly model: string;
  /** `1–5`. */
  readonly entities: string;
  readonly documents: number;
  readonly f1: number;
}

/** A score of some of the facts, the mean over seeds, in percent. */
export interface GroupScore {
  readonly model: string;
  /** `Intra`, `Inter` or `Infer`. */
  readonly group: string;
  readonly f1: number;
}

/**
 * Precision against recall of each run: over all that its model scores where the run kept that, else from the surest
 * relation down to the last one that it returned. A dot marks the model's own threshold.
 */
export function precisionRecallPoints({ label, gold, runs, task }: Setting, split: Split): CurvePoint[] {
  const documents = typeof gold === "string" ? undefined : gold[split];
  if (task !== "document") return [];
  return runs.flatMap(({ config, curves, predictions, scores }) => {
    const curve = curves[split]?.points ?? curveOfPredictions(predictions[split], documents);
    if (curve.length === 0) return [];
    const point = ([recall, precision]: readonly [number, number], order: number, last: 0 | 1): CurvePoint => {
      return { model: label, seed: `seed ${config.seed}`, recall, precision, order, last };
    };
    const line = thinIndices(curve.length).map((index) => point(curve[index] ?? [0, 0], index, 0));
    const { Recall: recall, Precision: precision } = scores[split]?.metrics ?? {};
    return recall === undefined || precision === undefined
      ? line
      : [...line, point([round(recall, 2), round(precision, 2)], -1, 1)];
  });
}

/** The points that relations that were returned give; none without labels. */
function curveOfPredictions(
  found: Extraction | undefined,
  documents: readonly Document[] | undefined,
): readonly (readonly [number, number])[] {
  if (found?.task !== "document" || found.relations.length === 0 || documents === undefined) return [];
  const { recalls, precisions } = precisionRecallCurve(documents, found.relations);
  return Array.from(recalls, (recall, index) => [round(100 * recall, 2), round(100 * (precisions[index] ?? 0), 2)]);
}

/** F1 by how many entities a document has, in the ranges of ATLOP's figure 4 that have documents. */
export function entityCountScores({ label, gold, runs, task }: Setting, split: Split): EntityCountScore[] {
  const documents = typeof gold === "string" ? undefined : gold[split];
  if (documents === undefined || task !== "document") return [];
  const bySeed = runs.flatMap(({ predictions }) => {
    const found = predictions[split];
    return found?.task === "document" ? [scoreByEntityCount(documents, found.relations)] : [];
  });
  return (bySeed[0] ?? []).flatMap(({ from, to, documentCount }, index): EntityCountScore[] => {
    if (documentCount === 0) return [];
    const f1 = 100 * meanOf(bySeed.map((ranges) => ranges[index]?.scores.all.f1 ?? 0));
    const entities = to === Infinity ? `${from}+` : `${from}–${to}`;
    return [{ model: label, entities, documents: documentCount, f1: round(f1, 2) }];
  });
}

/** F1 within sentences, across sentences, and of facts that follow from two others. */
export function groupScores({ label, rows }: Setting, split: Split): GroupScore[] {
  return ["Intra", "Inter", "Infer"].flatMap((group) => {
    const row = rows.find((candidate) => candidate.split === split && candidate.metric === `${group} F1`);
    return row === undefined ? [] : [{ model: label, group, f1: round(row.mean, 2) }];
  });
}

/** The first, the last, and some between. */
function thinIndices(count: number): number[] {
  const step = Math.max(1, count / MOST_POINTS);
  const kept = Array.from({ length: Math.ceil(count / step) }, (_, index) => Math.floor(index * step));
  return [...new Set([...kept, count - 1])];
}
