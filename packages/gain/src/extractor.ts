import { type Document, type EntityRelation, type Extraction, type Extractor, withoutLabels } from "@relatum/datasets";
import { readAndDispose } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import { type GainBackbone, tokenizerOf } from "./backbone.ts";
import { type BatchPair, collateGain, collatePairs, listPairs } from "./batch.ts";
import { defineGainConfig, type GainConfig } from "./config.ts";
import { featurizeGainDocuments, type GainFeatures } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET, planChunks, planDocuments } from "./memory.ts";
import type { GainModel } from "./model.ts";
import { readGain, saveGain } from "./saved-model.ts";
import { GainScorer } from "./scorer.ts";

/** How {@link GainExtractor} works. */
export interface GainExtractorOptions {
  /**
   * Bytes that the tensors of one batch may take besides the weights; 1 GiB without it. A single document that needs
   * more still gets it, its pairs one by one.
   */
  readonly memoryBudget?: number;
}

/** Which relations {@link GainExtractor.scoreAll} lists. */
export interface ScoreAllOptions {
  /** Leaves out scores that are not above it; everything is listed without it. */
  readonly above?: number;
}

/** A trained GAIN: finds the relations between the entities of documents. */
export class GainExtractor implements Extractor {
  readonly model: GainModel;
  readonly config: GainConfig;
  readonly #backbone: GainBackbone;
  readonly #options: GainExtractorOptions;
  #scorer: GainScorer;

  /**
   * @param model Belongs to the extractor from then on, with its encoder.
   * @param backbone The one that the model was made from.
   * @param config The model's own, but for the threshold.
   */
  constructor(
    model: GainModel,
    backbone: GainBackbone,
    config: GainConfig = model.config,
    options: GainExtractorOptions = {},
  ) {
    this.model = model;
    this.config = config;
    this.#backbone = backbone;
    this.#options = options;
    this.#scorer = new GainScorer(model);
  }

  /**
   * Finds the relations whose probability is at least the threshold, in the order of the documents.
   *
   * @throws {RangeError} If no threshold has been chosen yet.
   */
  async extract(documents: readonly Document[]): Promise<Extraction & { readonly task: "document" }> {
    const { threshold } = this.config;
    if (threshold === null) throw new RangeError("threshold must be chosen, got none. Call withThreshold first.");
    return { task: "document", relations: await this.#score(documents, (score) => score >= threshold) };
  }

  /** Lists every pair's probability of every relation, to choose a threshold by. */
  async scoreAll(
    documents: readonly Document[],
    { above = -Infinity }: ScoreAllOptions = {},
  ): Promise<EntityRelation[]> {
    return this.#score(documents, (score) => score > above);
  }

  /**
   * Gives an extractor with another threshold, which shares this one's weights: dispose of one of the two only.
   *
   * @param threshold The least probability of a relation that is returned.
   * @throws {RangeError} If it is negative.
   */
  withThreshold(threshold: number): GainExtractor {
    const config = defineGainConfig({ ...this.config, threshold });
    const extractor = new GainExtractor(this.model, this.#backbone, config, this.#options);
    extractor.#scorer = this.#scorer;
    return extractor;
  }

  /**
   * Writes the model into a directory: `encoder/` or `words.json`, `head.safetensors` and `config.json`.
   *
   * What is there is replaced only once all is written.
   */
  async save(directory: string): Promise<void> {
    await saveGain(directory, this.model, this.#backbone, this.config);
  }

  /** Frees the weights, the encoder's too. */
  dispose(): void {
    this.#scorer.dispose();
    this.model.dispose();
  }

  async #score(documents: readonly Document[], keeps: (score: number) => boolean): Promise<EntityRelation[]> {
    const tokenizer = tokenizerOf(this.#backbone);
    const features = await featurizeGainDocuments(documents.map(withoutLabels), tokenizer, this.config);
    const found: EntityRelation[][] = documents.map(() => []);
    const budget = this.#options.memoryBudget ?? DEFAULT_MEMORY_BUDGET;
    for (const numbers of planDocuments(features, this.model.encoder, this.config, budget)) {
      const batch = numbers.map((number) => features[number] as GainFeatures);
      const byDocument = await this.#scoreBatch(batch, budget, keeps);
      for (const [index, number] of numbers.entries()) found[number] = byDocument[index] as EntityRelation[];
    }
    return found.flat();
  }

  /** The relations of a batch's documents, by document. */
  async #scoreBatch(
    features: readonly GainFeatures[],
    budget: number,
    keeps: (score: number) => boolean,
  ): Promise<EntityRelation[][]> {
    // Pairs are laid out by themselves, chunk by chunk.
    const withoutPairs = features.map((one) => ({ ...one, pairs: [] }));
    const batch = collateGain(withoutPairs, tokenizerOf(this.#backbone), this.config);
    const encoding = this.#scorer.encode(batch);
    const found: EntityRelation[][] = features.map(() => []);
    try {
      const entities = batch.graph.links.shape[1];
      for (const chunk of planChunks(listPairs(features), this.model.encoder, this.config, budget)) {
        const pairs = collatePairs(chunk, entities);
        const scores = this.#scorer.score(encoding, pairs);
        tf.dispose(pairs as unknown as tf.TensorContainer);
        this.#list(chunk, await readAndDispose(scores), keeps, features, found);
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
    keeps: (score: number) => boolean,
    features: readonly GainFeatures[],
    found: readonly EntityRelation[][],
  ): void {
    const { relations } = this.config;
    for (const [row, { document, head, tail }] of pairs.entries()) {
      const documentId = features[document]?.documentId as string;
      const firstCell = row * (relations.length + 1) + 1;
      for (const [index, relation] of relations.entries()) {
        const score = scores[firstCell + index] as number;
        if (keeps(score)) found[document]?.push({ documentId, head, tail, relation, score });
      }
    }
  }
}

/**
 * Loads a model that {@link GainExtractor.save} wrote.
 *
 * @throws {CheckpointError} If the directory holds another paper's model, one of another version, or files that do not
 *   belong together.
 */
export async function loadGain(directory: string, options: GainExtractorOptions = {}): Promise<GainExtractor> {
  const { model, backbone, config } = await readGain(directory);
  return new GainExtractor(model, backbone, config, options);
}
