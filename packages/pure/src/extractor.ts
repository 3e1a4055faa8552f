import {
  type Document,
  type Extractor,
  type SentenceExtraction,
  type SpanRelation,
  type TypedSpan,
  withoutLabels,
} from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";

import type { PureConfig } from "./config.ts";
import { featurizePureEntityDocuments } from "./entity-features.ts";
import type { PureEntityModel } from "./entity-model.ts";
import { PureEntityScorer } from "./entity-scorer.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { PurePairScorer, type ScoredPair } from "./pair-scorer.ts";
import { pruneDocuments, type ScoredSpan } from "./pruning.ts";
import type { PureLengthNotice } from "./relation-features.ts";
import type { PureRelationModel } from "./relation-model.ts";
import { pairKey } from "./relation-pairs.ts";
import { readPure, savePure } from "./saved-model.ts";
import { type LabelledSpan, labelledSpans } from "./spans.ts";

/** A model with the encoder and tokenizer that it was made from. */
export interface PurePart<Model> {
  readonly model: Model;
  readonly backbone: Backbone;
}

/** The models of PURE: one that finds entities, one that relates them. */
export interface PureModel {
  readonly config: PureConfig;
  /** Finds entities; without it, documents come with theirs. */
  readonly entity?: PurePart<PureEntityModel>;
  /** Finds relations; without it, none are found. Has the entity model's backbone where the architecture is shared. */
  readonly relation?: PurePart<PureRelationModel>;
}

/** How {@link PureExtractor} works. */
export interface PureExtractorOptions {
  /**
   * Bytes that the tensors of one batch may take besides the weights; 1 GiB without it. A single sentence that needs
   * more still gets it.
   */
  readonly memoryBudget?: number;
  /** Told of each sentence that does not fit into the relation model's input. */
  readonly notify?: (notice: PureLengthNotice) => void;
  /** Keeps what the entity model says of a document for the next time, as long as the document itself is kept. */
  readonly remembersEntities?: boolean;
}

/** A trained PURE: finds entities in sentences, and relations between them. */
export class PureExtractor implements Extractor {
  readonly config: PureConfig;
  readonly model: PureModel;
  readonly #options: PureExtractorOptions;
  readonly #entityScorer: PureEntityScorer | undefined;
  readonly #pairScorer: PurePairScorer | undefined;
  readonly #remembered: WeakMap<Document, ScoredSpan[][]> = new WeakMap();

  /** @param model Belongs to the extractor from then on, with their encoders. */
  constructor(model: PureModel, options: PureExtractorOptions = {}) {
    const { config, entity, relation } = model;
    this.config = config;
    this.model = model;
    this.#options = options;
    this.#entityScorer = entity && new PureEntityScorer(entity.model, entity.backbone);
    this.#pairScorer = relation && new PurePairScorer(relation.model, relation.backbone);
  }

  /**
   * Finds entities and the relations between them, in the order of the documents.
   *
   * A score is the probability that the model gives the type or the relation. Without an entity model the documents'
   * own entities are taken for found ones.
   *
   * @throws {RangeError} If there is no entity model and a document's entity has a type that is not among the config's.
   */
  async extract(documents: readonly Document[]): Promise<SentenceExtraction> {
    const spans = await this.scoreSpans(documents);
    const entities = spans.map((bySentence) => bySentence.map((found) => found.filter(({ label }) => label > 0)));
    const related = this.config.relationSpans === "pruned" ? pruneDocuments(documents, spans, this.config) : entities;
    return {
      task: "sentence",
      spans: documents.flatMap(({ id }, index) => this.#toTypedSpans(id, entities[index] ?? [])),
      relations: await this.#findRelations(documents, related),
    };
  }

  /** Finds entities; see {@link extract}. */
  async extractEntities(documents: readonly Document[]): Promise<TypedSpan[]> {
    const spans = await this.scoreSpans(documents);
    return documents.flatMap(({ id }, index) => this.#toTypedSpans(id, spans[index] ?? []));
  }

  /** Gives every span of the documents its likeliest type, or none, by document and sentence. */
  async scoreSpans(documents: readonly Document[]): Promise<ScoredSpan[][][]> {
    const { entity } = this.model;
    if (entity === undefined || this.#entityScorer === undefined)
      return documents.map((document) => this.#given(document));
    const missing = documents.filter((document) => !this.#remembered.has(document));
    const unlabelled = missing.map((document) => ({ ...withoutLabels(document), entities: [] }));
    const features = await featurizePureEntityDocuments(unlabelled, entity.backbone.tokenizer, entity.model.config);
    const scored = await this.#entityScorer.score(features, this.#options.memoryBudget ?? DEFAULT_MEMORY_BUDGET);
    const found = new Map<Document, ScoredSpan[][]>();
    let first = 0;
    for (const document of missing) {
      found.set(document, scored.slice(first, (first += document.sentences.length)));
    }
    if (this.#options.remembersEntities === true) for (const entry of found) this.#remembered.set(...entry);
    return documents.map((document) => found.get(document) ?? this.#remembered.get(document) ?? []);
  }

  /**
   * Finds relations between given spans, gold ones or found ones.
   *
   * @param spans Of the documents; what entities these come with is not read.
   * @throws {RangeError} If there is no relation model, two documents have one id, or a span is of no document, lies
   *   outside its sentence or has a type that is not among the config's.
   */
  async extractRelations(documents: readonly Document[], spans: readonly TypedSpan[]): Promise<SpanRelation[]> {
    if (this.#pairScorer === undefined) {
      throw new RangeError("extractor must hold a relation model, got none. Train one with trainPure.");
    }
    return this.#findRelations(documents, groupSpans(documents, spans, this.config));
  }

  /**
   * Writes the models into a directory: encoders, heads and `config.json`.
   *
   * What is there is replaced only once all is written.
   */
  async save(directory: string): Promise<void> {
    await savePure(directory, this.model);
  }

  /** Frees the weights, the encoders' too. */
  dispose(): void {
    this.disposeGraphs();
    this.model.entity?.model.dispose();
    this.model.relation?.model.dispose();
  }

  /** Frees all but the weights: for an extractor whose models go on in another one. */
  disposeGraphs(): void {
    this.#entityScorer?.dispose();
    this.#pairScorer?.dispose();
  }

  #given(document: Document): ScoredSpan[][] {
    const bySentence = labelledSpans(document, this.config.entityTypes);
    return bySentence.map((spans) => spans.map((span) => ({ ...span, score: 1, entityScore: 1 })));
  }

  async #findRelations(
    documents: readonly Document[],
    spans: readonly (readonly (readonly LabelledSpan[])[])[],
  ): Promise<SpanRelation[]> {
    const { memoryBudget = DEFAULT_MEMORY_BUDGET, notify } = this.#options;
    const pairs = await this.#pairScorer?.score(documents, spans, { budget: memoryBudget, ...(notify && { notify }) });
    const related = (pairs ?? []).filter(({ label }) => label > 0);
    return withoutReverses(related, this.config).map((pair) => this.#toRelation(pair));
  }

  #toTypedSpans(documentId: string, bySentence: readonly (readonly ScoredSpan[])[]): TypedSpan[] {
    return bySentence.flatMap((spans, sentence) =>
      spans
        .filter(({ label }) => label > 0)
        .map(({ start, end, label, score }) => {
          const type = this.config.entityTypes[label - 1] as string;
          return { documentId, sentence, start, end, type, score };
        }),
    );
  }

  #toRelation({ documentId, sentence, head, tail, label, score }: ScoredPair): SpanRelation {
    const { relations, entityTypes } = this.config;
    const headType = entityTypes[head.label - 1];
    const tailType = entityTypes[tail.label - 1];
    return {
      documentId,
      head: { sentence, start: head.start, end: head.end },
      tail: { sentence, start: tail.start, end: tail.end },
      relation: relations[label - 1] as string,
      score,
      ...(headType !== undefined && { headType }),
      ...(tailType !== undefined && { tailType }),
    };
  }
}

/**
 * Loads a model that {@link PureExtractor.save} wrote.
 *
 * @throws {CheckpointError} If the directory holds another paper's model, one of another version, or files that do not
 *   belong together.
 */
export async function loadPure(directory: string, options: PureExtractorOptions = {}): Promise<PureExtractor> {
  return new PureExtractor(await readPure(directory), options);
}

/** Of a symmetric relation found both ways, the surer one; of equally sure ones the first. */
function withoutReverses(pairs: readonly ScoredPair[], { relations, symmetricRelations }: PureConfig): ScoredPair[] {
  const symmetric = new Set(symmetricRelations.map((relation) => relations.indexOf(relation) + 1));
  if (symmetric.size === 0) return [...pairs];
  const keyOf = ({ documentId, sentence, label }: ScoredPair, key: string): string =>
    JSON.stringify([documentId, sentence, label, key]);
  const places = new Map(pairs.map((pair, place) => [keyOf(pair, pairKey(pair.head, pair.tail)), place]));
  return pairs.filter((pair, place) => {
    if (!symmetric.has(pair.label)) return true;
    const other = places.get(keyOf(pair, pairKey(pair.tail, pair.head)));
    if (other === undefined) return true;
    const { score } = pairs[other] as ScoredPair;
    return pair.score > score || (pair.score === score && place < other);
  });
}

/** Spans by document and sentence. */
function groupSpans(
  documents: readonly Document[],
  spans: readonly TypedSpan[],
  { entityTypes }: PureConfig,
): LabelledSpan[][][] {
  const grouped = new Map(documents.map(({ id, sentences }) => [id, sentences.map((): LabelledSpan[] => [])]));
  if (grouped.size < documents.length) throw new RangeError("documents must have different ids, got one twice.");
  const lengths = new Map(documents.map(({ id, sentences }) => [id, sentences.map(({ length }) => length)]));
  for (const { documentId, sentence, start, end, type } of spans) {
    const length = lengths.get(documentId)?.[sentence];
    if (length === undefined || start < 0 || end <= start || end > length) {
      const place = `${start}–${end} in sentence ${sentence} of "${documentId}"`;
      throw new RangeError(`spans must lie inside sentences of the documents, got ${place}.`);
    }
    const label = entityTypes.indexOf(type) + 1;
    if (label === 0) throw new RangeError(`spans must have types of the config, got "${type}".`);
    grouped.get(documentId)?.[sentence]?.push({ start, end, label });
  }
  return [...grouped.values()];
}
