import type { Document, SentenceExtraction } from "@relatum/datasets";
import {
  breakDownRelationErrors,
  formatLabelScores,
  formatRelationErrors,
  type PrecisionRecallF1,
  type RelationErrors,
  scoreSentenceLabels,
  scoreSentenceRelations,
} from "@relatum/metrics";

/** What scoring of sentences needs besides documents. */
export interface SentenceScoringOptions {
  /** Relations that hold both ways; where there are some, scores that take them so stand beside. */
  readonly symmetricRelations?: readonly string[] | undefined;
}

/** Scores of sentences by name, 0–1, in the order in which tables show them; and the relations they count. */
export interface SentenceMetrics {
  readonly counts: { readonly correct: number; readonly predicted: number; readonly gold: number };
  readonly shares: readonly (readonly [name: string, share: number])[];
}

/** What scores are made of: the scores of each label, and the errors by cause. */
export interface SentenceDetails {
  readonly entities: Readonly<Record<string, PrecisionRecallF1>>;
  readonly relations: Readonly<Record<string, PrecisionRecallF1>>;
  readonly errors: RelationErrors;
}

/** Scores entities (Ent) and relations with right places (Rel) and with right types too (Rel+). */
export function measureSentences(
  gold: readonly Document[],
  found: SentenceExtraction,
  { symmetricRelations = [] }: SentenceScoringOptions,
): SentenceMetrics {
  const { entities, relations, strictRelations } = scoreSentenceRelations(gold, found);
  const levels = [
    ["Ent", entities],
    ["Rel", relations],
    ["Rel+", strictRelations],
  ] as const;
  const { correct, predicted, gold: labelled } = relations;
  return {
    counts: { correct, predicted, gold: labelled },
    shares: [
      ...levels.map(([name, { f1 }]) => [`${name} F1`, f1] as const),
      ...levels.flatMap(([name, { precision, recall }]) => [
        [`${name} Precision`, precision] as const,
        [`${name} Recall`, recall] as const,
      ]),
      ...(symmetricRelations.length > 0 ? symmetricShares(gold, found, symmetricRelations) : []),
    ],
  };
}

/** Scores each entity type and each relation (Rel), and breaks down the errors. */
export function detailSentences(gold: readonly Document[], found: SentenceExtraction): SentenceDetails {
  const { entities, relations } = scoreSentenceLabels(gold, found);
  return {
    entities: Object.fromEntries(entities),
    relations: Object.fromEntries(relations),
    errors: breakDownRelationErrors(gold, found),
  };
}

/** The details as tables for a terminal. */
export function formatDetails({ entities, relations, errors }: SentenceDetails): string {
  return [
    formatLabelScores("Entity type", new Map(Object.entries(entities)), "text"),
    formatLabelScores("Relation", new Map(Object.entries(relations)), "text"),
    formatRelationErrors(errors, "text").trimEnd(),
  ].join("\n");
}

function symmetricShares(
  gold: readonly Document[],
  found: SentenceExtraction,
  symmetricRelations: readonly string[],
): [string, number][] {
  const { relations, strictRelations } = scoreSentenceRelations(gold, found, { symmetricRelations });
  return [
    ["Rel F1 (symmetric)", relations.f1],
    ["Rel+ F1 (symmetric)", strictRelations.f1],
  ];
}
