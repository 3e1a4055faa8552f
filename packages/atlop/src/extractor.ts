import { type Document, type EntityRelation, type Extraction, type Extractor, withoutLabels } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { INFERENCE, readAndDispose } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import { type BatchPair, collateAtlop, collatePairs, listPairs } from "./batch.ts";
import { type AtlopConfig, defineAtlopConfig } from "./config.ts";
import { type AtlopFeatures, featurizeAtlop, featurizeAtlopDocuments, markText } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET, planChunks, planDocuments } from "./memory.ts";
import { type AtlopModel, contextWeights } from "./model.ts";
import { readAtlop, saveAtlop } from "./saved-model.ts";
import { AtlopScorer, type ScoreForm } from "./scorer.ts";

/** How {@link AtlopExtractor} works. */
export interface AtlopExtractorOptions {
  /**
   * Bytes that the tensors of one batch may take besides the weights; 1 GiB without it. A single document that needs
   * more still gets it, its pairs one head entity at a time.
   */
  readonly memoryBudget?: number;
}

/** Which relations {@link AtlopExtractor.scoreAll} lists. */
export interface ScoreAllOptions {
  /** Leaves out scores that are not above it; everything is listed without it. */
  readonly above?: number;
}

/** A trained ATLOP: finds the relations between the entities of documents. */
export class AtlopExtractor implements Extractor {
  readonly model: AtlopModel;
  readonly config: AtlopConfig;
  readonly #backbone: Backbone;
  readonly #options: AtlopExtractorOptions;
  #scorer: AtlopScorer;

  /**
   * @param model Belongs to the extractor from then on, with its encoder.
   * @param backbone The one that the model was made from.
   * @param config The model's own, but for the thresholds.
   */
  constructor(
    model: AtlopModel,
    backbone: Backbone,
    config: AtlopConfig = model.config,
    options: AtlopExtractorOptions = {},
  ) {
    this.model = model;
    this.config = config;
    this.#backbone = backbone;
    this.#options = options;
    this.#scorer = new AtlopScorer(model);
  }

  /**
   * Finds relations, in the order of the documents.
   *
   * A score is how far the relation's logit lies above the threshold class's, or with chosen thresholds its probability.
   *
   * @throws {RangeError} If the config asks for chosen thresholds and has none yet.
   */
  async extract(documents: readonly Document[]): Promise<Extraction & { readonly task: "document" }> {
    const { threshold, thresholds } = this.config;
    if (threshold !== "adaptive" && thresholds.length === 0) {
      throw new RangeError(`thresholds must be chosen under "${threshold}", got none. Call withThresholds first.`);
    }
    const isAdaptive = threshold === "adaptive";
    const relations = await this.#score(documents, {
      form: isAdaptive
        ? { unit: "margin", decode: { maxRelations: this.config.maxRelationsPerPair } }
        : { unit: "probability" },
      keeps: (score, relation) => isAdaptive || score >= (thresholds[relation] as number),
    });
    return { task: "document", relations };
  }

  /** Lists every pair's score for every relation, in the unit of {@link extract}, to choose thresholds by. */
  async scoreAll(
    documents: readonly Document[],
    { above = -Infinity }: ScoreAllOptions = {},
  ): Promise<EntityRelation[]> {
    const unit = this.config.threshold === "adaptive" ? "margin" : "probability";
    return this.#score(documents, { form: { unit }, keeps: (score) => score > above });
  }

  /**
   * Gives an extractor with other thresholds, which shares this one's weights: dispose of one of the two only.
   *
   * @param thresholds The least probability of a relation that is returned: one for all, or one for each in label order.
   * @throws {RangeError} If the config's threshold is adaptive, or a value is negative.
   */
  withThresholds(thresholds: number | readonly number[]): AtlopExtractor {
    const values = typeof thresholds === "number" ? this.config.relations.map(() => thresholds) : thresholds;
    const config = defineAtlopConfig({ ...this.config, thresholds: values });
    const extractor = new AtlopExtractor(this.model, this.#backbone, config, this.#options);
    extractor.#scorer = this.#scorer;
    return extractor;
  }

  /**
   * Says how much each word counts in the context of a pair: the paper's figure 5.
   *
   * @returns Weights by sentence and word, markers counted with their words; with the start and end tokens they sum to 1.
   * @throws {RangeError} If the document has no such entity.
   */
  async contextWeights(document: Document, head: number, tail: number): Promise<number[][]> {
    for (const [name, entity] of Object.entries({ head, tail })) {
      if (document.entities[entity] !== undefined) continue;
      throw new RangeError(`${name} must be below the ${document.entities.length} entities, got ${entity}.`);
    }
    const { tokenizer } = this.#backbone;
    await tokenizer.prepare(new Set(document.sentences.flat()));
    const features = featurizeAtlop(withoutLabels(document), tokenizer, this.config);
    const weights = await readAndDispose(tf.tidy(() => this.#pairWeights(features, head, tail)));
    // The end tokens of a text that was cut are no word's.
    const text = weights.subarray(0, weights.length - tokenizer.endIds.length);
    const { wordStarts } = markText(document, tokenizer, this.config);
    return wordStarts.map((starts) =>
      starts.slice(0, -1).map((start, word) => sum(text.slice(start, starts[word + 1]))),
    );
  }

  /**
   * Writes the model into a directory: `encoder/`, `head.safetensors` and `config.json`.
   *
   * What is there is replaced only once all is written.
   */
  async save(directory: string): Promise<void> {
    await saveAtlop(directory, this.model, this.#backbone, this.config);
  }

  /** Frees the weights, the encoder's too. */
  dispose(): void {
    this.#scorer.dispose();
    this.model.dispose();
  }

  /** The weights of one pair's context over the document's tokens `[tokens]`. */
  #pairWeights(features: AtlopFeatures, head: number, tail: number): tf.Tensor1D {
    const batch = collateAtlop([features], this.#backbone, this.config, { pad: "exact" });
    const { attention } = this.model.encode(batch, INFERENCE); // [1, entities, tokens, heads]
    const [headRow, tailRow] = [head, tail].map((entity) => attention.slice([0, entity, 0, 0], [1, 1, -1, -1]));
    return contextWeights(headRow as tf.Tensor4D, tailRow as tf.Tensor4D).flatten();
  }

  async #score(documents: readonly Document[], decision: Decision): Promise<EntityRelation[]> {
    const { tokenizer, encoder } = this.#backbone;
    const features = await featurizeAtlopDocuments(documents.map(withoutLabels), tokenizer, this.config);
    const found: EntityRelation[][] = documents.map(() => []);
    const budget = this.#options.memoryBudget ?? DEFAULT_MEMORY_BUDGET;
    for (const numbers of planDocuments(features, encoder, budget)) {
      const batch = numbers.map((number) => features[number] as AtlopFeatures);
      const byDocument = await this.#scoreBatch(batch, budget, decision);
      for (const [index, number] of numbers.entries()) found[number] = byDocument[index] as EntityRelation[];
    }
    return found.flat();
  }

  /** The relations of a batch's documents, by document. */
  async #scoreBatch(
    features: readonly AtlopFeatures[],
    budget: number,
    decision: Decision,
  ): Promise<EntityRelation[][]> {
    const batch = collateAtlop(features, this.#backbone, this.config);
    const encoding = this.#scorer.encode(batch);
    const found: EntityRelation[][] = features.map(() => []);
    try {
      const entities = encoding.attention.shape[1];
      for (const chunk of planChunks(listPairs(features), encoding, this.config, budget)) {
        const pairs = collatePairs(chunk.pairs, { entities, ...chunk });
        const { scores, marks } = this.#scorer.score(encoding, pairs, decision.form);
        tf.dispose(pairs as unknown as tf.TensorContainer);
        const values = await readAndDispose(scores);
        const marked = marks && (await readAndDispose(marks));
        const keeps = (score: number, relation: number, cell: number): boolean =>
          (marked === undefined || marked[cell] === 1) && decision.keeps(score, relation);
        this.#list(chunk.pairs, values, keeps, features, found);
      }
    } finally {
      tf.dispose([batch, encoding] as unknown as tf.TensorContainer);
    }
    return found;
  }

  /** Adds what is kept of the scores to the documents' lists. */
  #list(
    pairs: readonly BatchPair[],
    scores: ArrayLike<number>,
    keeps: (score: number, relation: number, cell: number) => boolean,
    features: readonly AtlopFeatures[],
    found: readonly EntityRelation[][],
  ): void {
    const { relations } = this.config;
    for (const [row, { document, head, tail }] of pairs.entries()) {
      const documentId = features[document]?.documentId as string;
      const firstCell = row * (relations.length + 1) + 1;
      for (const [index, relation] of relations.entries()) {
        const score = scores[firstCell + index] as number;
        if (keeps(score, index, firstCell + index)) found[document]?.push({ documentId, head, tail, relation, score });
      }
    }
  }
}

/**
 * Loads a model that {@link AtlopExtractor.save} wrote.
 *
 * @throws {CheckpointError} If the directory holds another paper's model, one of another version, or files that do not
 *   belong together.
 */
export async function loadAtlop(directory: string, options: AtlopExtractorOptions = {}): Promise<AtlopExtractor> {
  const { model, backbone, config } = await readAtlop(directory);
  return new AtlopExtractor(model, backbone, config, options);
}

/** Which relations are returned. */
interface Decision {
  /** Labels that the form does not mark are not returned, whatever their score. */
  readonly form: ScoreForm;
  keeps(score: number, relation: number): boolean;
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
