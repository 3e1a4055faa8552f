import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Document, EntityRelation } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import type { PrecisionRecallF1 } from "./counts.ts";
import { type ScoringConvention, scoreDocumentRelations } from "./document-relations.ts";

/** What an authors' script computed; `returned` is F1, evidence F1, Ign F1 of the annotated and of the distant set. */
interface ScriptResult {
  readonly tot_relations: number;
  readonly tot_evidences: number;
  readonly correct_re: number;
  readonly correct_evidence: number;
  readonly pred_evi: number;
  readonly correct_in_train_annotated: number;
  readonly correct_in_train_distant: number;
  readonly re_p: number;
  readonly re_r: number;
  readonly re_f1: number;
  readonly evi_p: number;
  readonly evi_r: number;
  readonly evi_f1: number;
  readonly re_p_ignore_train_annotated: number;
  readonly re_p_ignore_train: number;
  readonly re_f1_ignore_train_annotated: number;
  readonly re_f1_ignore_train: number;
  readonly n_submission?: number;
  readonly returned: readonly number[];
}

interface RawPrediction {
  readonly title: string;
  readonly h_idx: number;
  readonly t_idx: number;
  readonly r: string;
  readonly evidence?: readonly number[];
}

interface EvaluationCase {
  readonly data_dir: string;
  readonly result: ScriptResult;
  readonly result_redocred_repo_evaluation_py: ScriptResult;
  readonly predictions_all_wrong: { readonly pred: readonly RawPrediction[]; readonly returned: readonly number[] };
}

interface RawDocument {
  readonly title: string;
  readonly vertexSet: readonly (readonly {
    readonly name: string;
    readonly type: string;
    readonly sent_id: number;
  }[])[];
  readonly labels: readonly {
    readonly h: number;
    readonly t: number;
    readonly r: string;
    readonly evidence: readonly number[];
  }[];
}

const repository = fileURLToPath(new URL("../../../", import.meta.url));
const folder = join(process.env["RELATUM_GOLDEN"] ?? join(repository, "../shared/golden"), "atlop");
const cases = existsSync(folder) ? readdirSync(folder).filter((name) => /^evaluation.*\.json$/u.test(name)) : [];
if (cases.length === 0) {
  console.warn(`Skipped: no evaluation*.json in ${folder}; set RELATUM_GOLDEN to the folder of the parity cases.`);
}

describe.skipIf(cases.length === 0)("scoreDocumentRelations against the official scripts", () => {
  for (const name of cases) {
    const expected = readJson<EvaluationCase>(name);
    const gold = readDocuments(expected.data_dir, "dev.json");
    const predicted = readJson<RawPrediction[]>(expected.data_dir, "predictions.json").map(toRelation);
    const known = {
      trainFacts: factsOf(readDocuments(expected.data_dir, "train_annotated.json")),
      distantFacts: factsOf(readDocuments(expected.data_dir, "train_distant.json")),
    };
    const results: [ScoringConvention, ScriptResult][] = [
      ["docred", expected.result],
      ["re-docred", expected.result_redocred_repo_evaluation_py],
    ];

    it.each(results)(`gives every number of ${name} exactly, by the script of %s`, (convention, result) => {
      const scores = scoreDocumentRelations(gold, predicted, { ...known, convention });

      const { all, evidence, ignoringTrain, ignoringDistant } = scores;
      const submitted = result.n_submission ?? all.predicted;
      expect(all).toEqual({
        correct: result.correct_re,
        predicted: submitted,
        gold: result.tot_relations,
        precision: result.re_p,
        recall: result.re_r,
        f1: result.re_f1,
      });
      expect(evidence).toEqual({
        correct: result.correct_evidence,
        predicted: result.pred_evi,
        gold: result.tot_evidences,
        precision: result.evi_p,
        recall: result.evi_r,
        f1: result.evi_f1,
      });
      const unseen = (seen: number, precision: number, f1: number): PrecisionRecallF1 => ({
        correct: all.correct - seen,
        predicted: all.predicted - seen,
        gold: all.gold,
        precision,
        recall: all.recall,
        f1,
      });
      expect(ignoringTrain).toEqual(
        unseen(
          result.correct_in_train_annotated,
          result.re_p_ignore_train_annotated,
          result.re_f1_ignore_train_annotated,
        ),
      );
      expect(ignoringDistant).toEqual(
        unseen(result.correct_in_train_distant, result.re_p_ignore_train, result.re_f1_ignore_train),
      );
      expect([all.f1, evidence.f1, ignoringTrain?.f1, ignoringDistant?.f1]).toEqual(result.returned.slice(0, 4));
    });

    it(`gives the zeros of ${name} where every prediction is wrong`, () => {
      const { pred, returned } = expected.predictions_all_wrong;

      const scores = scoreDocumentRelations(gold, pred.map(toRelation), known);

      const f1s = [scores.all, scores.evidence, scores.ignoringTrain, scores.ignoringDistant].map((found) => found?.f1);
      expect(f1s).toEqual(returned.slice(0, 4));
    });
  }
});

function readJson<Content>(...path: string[]): Content {
  return JSON.parse(readFileSync(join(folder, ...path), "utf8")) as Content;
}

/** Reads a DocRED file whose sentences were emptied, which `parseDocred` would refuse. */
function readDocuments(...path: string[]): Document[] {
  return readJson<RawDocument[]>(...path).map(({ title, vertexSet, labels }) => ({
    id: title,
    sentences: [],
    entities: vertexSet.map((mentions) => ({
      mentions: mentions.map(({ name, type, sent_id: sentence }) => ({ name, type, sentence, start: 0, end: 1 })),
    })),
    relations: labels.map(({ h: head, t: tail, r: relation, evidence }) => ({ head, tail, relation, evidence })),
    labelled: true,
  }));
}

function toRelation({ title, h_idx, t_idx, r, evidence }: RawPrediction): EntityRelation {
  const relation = { documentId: title, head: h_idx, tail: t_idx, relation: r, score: 1 };
  return evidence === undefined ? relation : { ...relation, evidence };
}

function factsOf(documents: readonly Document[]): ReadonlySet<string> {
  const facts = documents.flatMap(({ entities, relations }) =>
    relations.flatMap(({ head, tail, relation }) =>
      (entities[head]?.mentions ?? []).flatMap(({ name: headName }) =>
        (entities[tail]?.mentions ?? []).map(({ name: tailName }) => JSON.stringify([headName, tailName, relation])),
      ),
    ),
  );
  return new Set(facts);
}
