import type { Document } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";

import type { PureConfig } from "./config.ts";
import { featurizePureEntities, type PureEntityFeatures } from "./entity-features.ts";
import { labelSpanPairs } from "./relation-pairs.ts";
import { spanKey } from "./spans.ts";

/** What the joint baseline reads of one sentence: the entity model's features, and relations. */
export interface PureJointFeatures extends PureEntityFeatures {
  /** Relations that the labels name, one a pair; none for an unlabelled document. */
  readonly relations: readonly SpanPlaceRelation[];
}

/** A relation between two of a sentence's spans. */
export interface SpanPlaceRelation {
  /** Places in the features' `spans`. */
  readonly head: number;
  readonly tail: number;
  /** Place of the relation in the config's `relations`, from 1. */
  readonly label: number;
}

/**
 * Turns each sentence of a document into features.
 *
 * Of several labels on one pair the last one counts. A relation of a span that is too long to be listed is passed over.
 *
 * @param tokenizer Must have been given the document's words with `prepare`; {@link featurizePureJointDocuments} does.
 * @throws {RangeError} If a mention's type or a relation is not among the config's.
 */
export function featurizePureJoint(document: Document, tokenizer: Tokenizer, config: PureConfig): PureJointFeatures[] {
  const labels = document.labelled ? labelSpanPairs(document, config) : [];
  return featurizePureEntities(document, tokenizer, config).map((features, sentence) => ({
    ...features,
    relations: findPlaces(features, labels[sentence] ?? new Map()),
  }));
}

/** Turns the sentences of documents into features, tokenizing all of their words in one go. */
export async function featurizePureJointDocuments(
  documents: readonly Document[],
  tokenizer: Tokenizer,
  config: PureConfig,
): Promise<PureJointFeatures[]> {
  await tokenizer.prepare(new Set(documents.flatMap(({ sentences }) => sentences.flat())));
  return documents.flatMap((document) => featurizePureJoint(document, tokenizer, config));
}

function findPlaces(
  { spans }: PureEntityFeatures,
  labels: ReadonlyMap<string, readonly number[]>,
): SpanPlaceRelation[] {
  const places = new Map(spans.map((span, place) => [spanKey(span), place]));
  return [...labels].flatMap(([key, labelIds]) => {
    const [head, tail] = key.split(" ").map((span) => places.get(span));
    const label = labelIds.at(-1);
    return head === undefined || tail === undefined || label === undefined ? [] : [{ head, tail, label }];
  });
}
