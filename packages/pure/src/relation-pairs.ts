import type { Document } from "@relatum/datasets";

import type { PureConfig } from "./config.ts";
import { type LabelledSpan, spanKey, type WordSpan } from "./spans.ts";

/** Two spans of a sentence, in the direction of the relation. */
export interface SpanPair {
  readonly head: LabelledSpan;
  readonly tail: LabelledSpan;
}

/** Two spans and what relates them. */
export interface LabelledPair extends SpanPair {
  /**
   * Places of the relations in the config's `relations` from 1, in the order of the data; empty = none.
   *
   * The data keeps them all, the loss takes the last one, as the authors' code does.
   */
  readonly labelIds: readonly number[];
}

/** What becomes of spans that are listed twice. */
export type SpanRules = "complete" | "released";

/**
 * Lists the ordered pairs of a sentence's spans, head-major.
 *
 * A span that is listed twice with one type counts once, and a span is never paired with itself. `released` pairs list
 * entries instead, as the authors' code does: duplicates make more pairs, of a span with itself too.
 */
export function listSpanPairs(spans: readonly LabelledSpan[], rules: SpanRules = "complete"): SpanPair[] {
  if (rules === "released") {
    return spans.flatMap((head, index) =>
      spans.flatMap((tail, other) => (index === other ? [] : [{ head, tail } satisfies SpanPair])),
    );
  }
  const distinct = [...new Map(spans.map((span) => [`${spanKey(span)} ${span.label}`, span])).values()];
  return distinct.flatMap((head) =>
    distinct.flatMap((tail) => (spanKey(head) === spanKey(tail) ? [] : [{ head, tail } satisfies SpanPair])),
  );
}

/** The relations of a document's spans, by sentence and {@link pairKey}. */
export type PairLabels = readonly ReadonlyMap<string, readonly number[]>[];

/**
 * Lists what relates which spans, as {@link LabelledPair} has it.
 *
 * A relation between entities holds between all of their mentions that share a sentence. A symmetric relation holds in
 * the other direction too, unless the data has a relation there.
 *
 * @throws {RangeError} If a relation is not among the config's.
 */
export function labelSpanPairs(
  document: Document,
  { relations, symmetricRelations }: Pick<PureConfig, "relations" | "symmetricRelations">,
): PairLabels {
  const labels: Map<string, number[]>[] = document.sentences.map(() => new Map());
  const reversed: { sentence: number; key: string; label: number }[] = [];
  for (const { head, tail, relation } of document.relations) {
    const label = relations.indexOf(relation) + 1;
    if (label === 0) {
      throw new RangeError(`relations must hold every relation, got "${relation}" in "${document.id}" besides.`);
    }
    for (const { sentence, from, to } of sharedSentences(document, head, tail)) {
      addLabel(labels[sentence], pairKey(from, to), label);
      if (symmetricRelations.includes(relation)) reversed.push({ sentence, key: pairKey(to, from), label });
    }
  }
  const stated = labels.map((bySentence) => new Set(bySentence.keys()));
  for (const { sentence, key, label } of reversed) {
    if (stated[sentence]?.has(key) === false) addLabel(labels[sentence], key, label);
  }
  return labels;
}

/** A text that tells pairs of spans of one sentence apart, whatever their types. */
export function pairKey(head: WordSpan, tail: WordSpan): string {
  return `${spanKey(head)} ${spanKey(tail)}`;
}

function sharedSentences(
  { entities }: Document,
  head: number,
  tail: number,
): { sentence: number; from: WordSpan; to: WordSpan }[] {
  const tails = entities[tail]?.mentions ?? [];
  return (entities[head]?.mentions ?? []).flatMap((from) =>
    tails.filter(({ sentence }) => sentence === from.sentence).map((to) => ({ sentence: from.sentence, from, to })),
  );
}

function addLabel(labels: Map<string, number[]> | undefined, key: string, label: number): void {
  const others = (labels?.get(key) ?? []).filter((other) => other !== label);
  labels?.set(key, [...others, label]);
}
