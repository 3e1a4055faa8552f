import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Document, EntityRelation } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { precisionRecallCurve } from "./curves.ts";
import { type DocumentScores, scoreDocumentRelations } from "./document-relations.ts";
import { bestThreshold, keepScored } from "./threshold.ts";

/** What GAIN's `test()` found; its numbers are rounded to float32. */
interface PassResult {
  readonly f1: number;
  readonly auc: number;
  readonly theta: number;
  readonly input_theta: number;
  readonly w: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1_at_w: number;
}

interface ThresholdCase {
  readonly rel2id: Readonly<Record<string, number>>;
  readonly documents: readonly {
    readonly title: string;
    readonly n_entities: number;
    readonly labels: readonly (readonly [head: number, tail: number, relation: number, inTrain: boolean])[];
  }[];
  readonly results: Readonly<Record<string, { readonly all: PassResult; readonly ignore_train: PassResult }>>;
}

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(process.env["RELATUM_GOLDEN"] ?? join(repository, "../shared/golden"), "gain");
const cases = existsSync(folder) ? readdirSync(folder).filter((name) => /^threshold.*\.json$/u.test(name)) : [];
if (cases.length === 0) {
  console.warn(`Skipped: no threshold*.json in ${folder}; set RELATUM_GOLDEN to the folder of the parity cases.`);
}

/** Digits that survive float32. */
const DIGITS = 6;

describe.skipIf(cases.length === 0)("bestThreshold and precisionRecallCurve against GAIN's test", () => {
  for (const name of cases) {
    const { rel2id, documents, results } = JSON.parse(readFileSync(join(folder, name), "utf8")) as ThresholdCase;
    const relations = Object.entries(rel2id).filter(([, id]) => id > 0);
    const nameOf = new Map(relations.map(([relation, id]) => [id, relation]));
    const gold = documents.map(({ title, n_entities, labels }): Document => ({
      id: title,
      sentences: [],
      entities: Array.from({ length: n_entities }, (_, number) => ({
        mentions: [{ name: `${title} ${number}`, type: "", sentence: 0, start: 0, end: 1 }],
      })),
      relations: labels.map(([head, tail, id]) => ({ head, tail, relation: nameOf.get(id) ?? "", evidence: [] })),
      labelled: true,
    }));
    const trainFacts = new Set(
      documents.flatMap(({ title, labels }) =>
        labels
          .filter(([, , , inTrain]) => inTrain)
          .map(([head, tail, id]) => JSON.stringify([`${title} ${head}`, `${title} ${tail}`, nameOf.get(id)])),
      ),
    );
    const logits = readFloats(join(folder, name.replace(/json$/u, "safetensors")));
    const scored = gold.flatMap((document, index) =>
      toCandidates(document, logits(`input/logits.${index}`), relations),
    );
    const options = { trainFacts, convention: "gain" } as const;

    it(`finds the threshold and the F1 of ${name}`, () => {
      for (const { all, ignore_train: unseen } of Object.values(results)) {
        const best = bestThreshold(gold, scored, options);
        const bestUnseen = bestThreshold(gold, scored, { ...options, maximize: "ignoringTrain" });

        expect(best.threshold).toBeCloseTo(all.theta, DIGITS);
        expect(best.scores.all.f1).toBeCloseTo(all.f1, DIGITS);
        expect(bestUnseen.scores.ignoringTrain?.f1).toBeCloseTo(unseen.f1, DIGITS);
      }
    });

    it(`finds the areas of ${name}`, () => {
      for (const { all, ignore_train: unseen } of Object.values(results)) {
        const curve = precisionRecallCurve(gold, scored, options);

        expect(curve.area).toBeCloseTo(all.auc, 5);
        expect(curve.ignoringTrain?.area).toBeCloseTo(unseen.auc, 5);
      }
    });

    it(`scores what ${name} keeps, at the threshold it searched and above one it was given`, () => {
      for (const [setting, { all, ignore_train: unseen }] of Object.entries(results)) {
        const { threshold } = bestThreshold(gold, scored, options);
        // The script prints its second pass strictly above the threshold even where the first pass searched it.
        const isSearch = setting === "search";
        const given = isSearch ? threshold : all.input_theta;
        const first = scoreKept(given, !isSearch);
        const second = scoreKept(given, true);

        expect(first.all.predicted).toBe(all.w + 1);
        expect(first.all.precision).toBeCloseTo(all.precision, DIGITS);
        expect(first.all.recall).toBeCloseTo(all.recall, DIGITS);
        expect(first.all.f1).toBeCloseTo(all.f1_at_w, DIGITS);
        expect(second.all.predicted).toBe(unseen.w + 1);
        expect(second.ignoringTrain?.precision).toBeCloseTo(unseen.precision, DIGITS);
        expect(second.ignoringTrain?.f1).toBeCloseTo(unseen.f1_at_w, DIGITS);
      }
    });

    function scoreKept(threshold: number, strictly: boolean): DocumentScores {
      return scoreDocumentRelations(gold, keepScored(scored, threshold, { strictly }), options);
    }
  }
});

/** Every relation of every ordered pair, head-major, scored by the sigmoid of its logit in float32. */
function toCandidates(
  { id: documentId, entities }: Document,
  logits: Float32Array,
  relations: readonly (readonly [string, number])[],
): EntityRelation[] {
  const width = relations.length + 1;
  const pairs = entities.flatMap((_, head) => entities.map((__, tail) => [head, tail] as const));
  return pairs
    .filter(([head, tail]) => head !== tail)
    .flatMap(([head, tail], row) =>
      relations.map(([relation, id]) => {
        const score = Math.fround(1 / (1 + Math.exp(-(logits[row * width + id] ?? NaN))));
        return { documentId, head, tail, relation, score };
      }),
    );
}

/** Opens a safetensors file that holds float32 alone. */
function readFloats(path: string): (name: string) => Float32Array {
  const bytes = readFileSync(path);
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString("utf8", 8, dataStart)) as Record<
    string,
    { readonly data_offsets: readonly [start: number, end: number] }
  >;
  return (name) => {
    const [start, end] = header[name]?.data_offsets ?? [0, 0];
    return new Float32Array(Uint8Array.from(bytes.subarray(dataStart + start, dataStart + end)).buffer);
  };
}
