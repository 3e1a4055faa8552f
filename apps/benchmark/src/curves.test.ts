import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Document, type EntityRelation, sampleWorld } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import type { PaperExtractor } from "./adapter.ts";
import { curveMetrics, curveOf, drawCurve, drawRunCurves, readRunCurves, withAreas } from "./curves.ts";
import type { RunScores } from "./scoring.ts";

const documents: readonly Document[] = sampleWorld({ seed: 5, documents: 60 }).documents;
const signal = new AbortController().signal;
const terminal = { clear: () => undefined, status: () => undefined };
const extractor = {} as PaperExtractor;

/** Every fact of the documents, each with a score of its own, the first the surest. */
const facts = documents.flatMap(({ id, relations }) => relations.map((relation) => ({ documentId: id, ...relation })));
const scored = facts.map(({ documentId, head, tail, relation }, index): EntityRelation => {
  return { documentId, head, tail, relation, score: 1 - index / facts.length };
});
const scoreAll = (_: PaperExtractor, chunk: readonly Document[]): Promise<readonly EntityRelation[]> =>
  Promise.resolve(scored.filter(({ documentId }) => chunk.some(({ id }) => id === documentId)));

describe("drawCurve", () => {
  it("joins what the model scores chunk by chunk", async () => {
    const sizes: number[] = [];
    const onProgress = (done: number): void => void sizes.push(done);

    const curve = await drawCurve(scoreAll, extractor, documents, { signal, onProgress });

    expect(sizes).toEqual([25, 50, 60]);
    expect(curve?.points.at(-1)).toEqual([100, 100]);
    // All are right: the area is all but what lies left of the first point.
    expect(curve?.area).toBeCloseTo(100 * (1 - 1 / facts.length), 3);
  });

  it("has none where the model scores nothing", async () => {
    expect(await drawCurve(() => Promise.resolve([]), extractor, documents, { signal })).toBeUndefined();
  });

  it("stops when asked to", async () => {
    const stopped = AbortSignal.abort();

    await expect(drawCurve(scoreAll, extractor, documents, { signal: stopped })).rejects.toThrow("Stopped");
  });
});

describe("curveOf", () => {
  it("keeps 500 points at most, the first and the last among them, and the area of all", () => {
    const [document] = documents as [Document];
    const relations = Array.from({ length: 2000 }, (_, index) => ({ head: 0, tail: 1, relation: `r${index}` }));
    const gold = [{ ...document, relations: relations.map((relation) => ({ ...relation, evidence: [] })) }];
    const found = relations.map((relation, index) => ({ ...relation, documentId: document.id, score: -index }));

    const { points, area } = curveOf(gold, found, undefined);

    expect(points.length).toBeGreaterThan(450);
    expect(points.length).toBeLessThanOrEqual(500);
    expect([points[0], points.at(-1)]).toEqual([
      [0.05, 100],
      [100, 100],
    ]);
    expect(area).toBeCloseTo(100 - 0.05, 4);
  });

  it("has an area without the facts of training where they are known", () => {
    expect(curveMetrics(curveOf(documents, scored, undefined))).not.toHaveProperty("Ign AUC");
    expect(curveMetrics(curveOf(documents, scored, new Set()))).toHaveProperty("Ign AUC");
  });
});

describe("drawRunCurves", () => {
  it("draws what was scored, and no hidden test set", async () => {
    const scores = { development: { documents: 60, counts: {}, metrics: { F1: 1 } } } as unknown as RunScores;

    const curves = await drawRunCurves(scoreAll, extractor, {
      development: documents,
      test: documents,
      scores,
      signal,
      terminal,
    });

    expect(Object.keys(curves)).toEqual(["development"]);
    expect(withAreas(scores, curves).development.metrics).toEqual({ F1: 1, AUC: curves.development?.area });
  });
});

describe("readRunCurves", () => {
  it("has none of an old run, and names a broken file", async () => {
    const directory = await mkdtemp(join(tmpdir(), "relatum-"));
    const before = await readRunCurves(directory);
    await writeFile(join(directory, "curves.json"), "{");

    expect(before).toEqual({});
    await expect(readRunCurves(directory)).rejects.toThrow("curves.json must hold a run");
    await rm(directory, { recursive: true });
  });
});
