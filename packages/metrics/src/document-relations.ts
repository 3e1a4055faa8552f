import type { Document, EntityRelation } from "@relatum/datasets";

import { type Counts, harmonicMean, type PrecisionRecallF1, precisionRecallF1, ratio } from "./counts.ts";
import {
  collectGoldFacts,
  findFact,
  type GoldFacts,
  isKnownFact,
  keepOnePerFact,
  sharesSentence,
} from "./gold-facts.ts";

/**
 * Whose script to follow where they differ.
 *
 * - `docred`: DocRED's official script, which ATLOP uses too. Ign precision has 1e-5 added to its denominator.
 * - `re-docred`: as `docred`, but counts one evidence sentence too many in the gold.
 * - `gain`: as `docred`, but without the 1e-5.
 */
export type ScoringConvention = "docred" | "re-docred" | "gain";

/** What scoring may take besides gold and predictions. */
export interface ScoreOptions {
  /**
   * Facts of the training documents, which `ignoringTrain` leaves out of precision.
   *
   * Each is the text `JSON.stringify([headName, tailName, relation])`, which `trainFacts` of `@relatum/datasets` makes.
   */
  readonly trainFacts?: ReadonlySet<string>;
  /** Facts of a distantly labelled training set, for `ignoringDistant`; keys as in `trainFacts`. */
  readonly distantFacts?: ReadonlySet<string>;
  /** `docred` without it. */
  readonly convention?: ScoringConvention;
}

/** Scores of relations between entities, over all documents together (micro-averaged). */
export interface DocumentScores {
  /** Every relation. */
  readonly all: PrecisionRecallF1;
  /**
   * Ign F1: correct relations that training has seen are left out of precision, recall is that of `all`.
   *
   * Its counts are those of precision: `gold` is not reduced. Absent without `trainFacts`.
   */
  readonly ignoringTrain?: PrecisionRecallF1;
  /** As `ignoringTrain`, for the distantly labelled set; absent without `distantFacts`. */
  readonly ignoringDistant?: PrecisionRecallF1;
  /** Intra F1: relations whose head and tail have mentions in one sentence. */
  readonly withinSentence: PrecisionRecallF1;
  /** Inter F1: all other relations, those of unknown documents included. */
  readonly acrossSentences: PrecisionRecallF1;
  /** Evidence F1 over sentences; zeros from models that give no evidence. */
  readonly evidence: PrecisionRecallF1;
}

/** Added to the denominator of Ign precision by the official script. */
const IGN_EPSILON = 1e-5;

/**
 * Scores relations between entities exactly as the official script of DocRED, or as its variants, do.
 *
 * Of predictions that say the same, the first counts. Predictions for unknown documents, entities or relations are
 * wrong, and count in precision. A correct relation is known from training if any name of its head with any name of
 * its tail is a train fact. Gold facts labelled twice count once, though their evidence is counted at each label.
 * Where a script divides by zero (no predictions, no gold), the score here is 0.
 *
 * @param predicted Relations in any order; their scores are not read.
 * @throws {TypeError} If a gold document has no labels.
 */
export function scoreDocumentRelations(
  gold: readonly Document[],
  predicted: readonly EntityRelation[],
  { trainFacts, distantFacts, convention = "docred" }: ScoreOptions = {},
): DocumentScores {
  const facts = collectGoldFacts(gold);
  const unique = keepOnePerFact(predicted, "first");
  const correct = unique.filter((relation) => findFact(facts, relation) !== undefined);
  const all = precisionRecallF1({ correct: correct.length, predicted: unique.length, gold: facts.factCount });
  const ignoring = (known: ReadonlySet<string>): PrecisionRecallF1 =>
    ignoreKnown(all, countKnown(facts, correct, known), convention);
  const within = countWithinSentence(facts, unique, correct);
  return {
    all,
    ...(trainFacts === undefined ? {} : { ignoringTrain: ignoring(trainFacts) }),
    ...(distantFacts === undefined ? {} : { ignoringDistant: ignoring(distantFacts) }),
    withinSentence: precisionRecallF1(within),
    acrossSentences: precisionRecallF1({
      correct: all.correct - within.correct,
      predicted: all.predicted - within.predicted,
      gold: all.gold - within.gold,
    }),
    evidence: precisionRecallF1(countEvidence(facts, unique, convention)),
  };
}

/** Takes correct relations that are known already out of precision; recall stays. */
function ignoreKnown(all: PrecisionRecallF1, known: number, convention: ScoringConvention): PrecisionRecallF1 {
  const correct = all.correct - known;
  const predicted = all.predicted - known;
  const precision = ignPrecision(correct, predicted, convention);
  return { precision, recall: all.recall, f1: harmonicMean(precision, all.recall), correct, predicted, gold: all.gold };
}

/** Precision over what is left once known relations are taken out. */
export function ignPrecision(correct: number, predicted: number, convention: ScoringConvention): number {
  return ratio(correct, predicted + (convention === "gain" ? 0 : IGN_EPSILON));
}

function countKnown(facts: GoldFacts, correct: readonly EntityRelation[], known: ReadonlySet<string>): number {
  return correct.filter((relation) => {
    const document = facts.documents.get(relation.documentId);
    return document !== undefined && isKnownFact(document, relation, known);
  }).length;
}

function countWithinSentence(
  facts: GoldFacts,
  unique: readonly EntityRelation[],
  correct: readonly EntityRelation[],
): Counts {
  const isWithin = ({ documentId, head, tail }: EntityRelation): boolean =>
    sharesSentence(facts.documents.get(documentId), head, tail);
  let gold = 0;
  for (const document of facts.documents.values()) {
    for (const { head, tail } of document.facts.values()) if (sharesSentence(document, head, tail)) gold += 1;
  }
  return { correct: correct.filter(isWithin).length, predicted: unique.filter(isWithin).length, gold };
}

/** Counts evidence sentences; predicted ones count for any relation of a known document, correct or not. */
function countEvidence(facts: GoldFacts, unique: readonly EntityRelation[], convention: ScoringConvention): Counts {
  let correct = 0;
  let predicted = 0;
  for (const relation of unique) {
    if (!facts.documents.has(relation.documentId)) continue;
    const found = new Set(relation.evidence);
    predicted += found.size;
    const labelled = new Set(findFact(facts, relation)?.evidence);
    for (const sentence of found) if (labelled.has(sentence)) correct += 1;
  }
  return { correct, predicted, gold: facts.evidenceCount + (convention === "re-docred" ? 1 : 0) };
}
