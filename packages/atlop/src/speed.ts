import { batches, type Document, type EntityRelation } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom, drawNoiseSeed, INFERENCE } from "@relatum/tensor-utils";
import { StepRunner } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import { collateAtlop } from "./batch.ts";
import type { AtlopConfig } from "./config.ts";
import { AtlopExtractor } from "./extractor.ts";
import { type AtlopFeatures, featurizeAtlopDocuments } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET, planDocuments } from "./memory.ts";
import { AtlopModel } from "./model.ts";
import { createOptimizer } from "./train.ts";

/** What is timed. */
export interface AtlopSpeedOptions {
  /** Belongs to the work from then on. */
  readonly backbone: Backbone;
  readonly config: AtlopConfig;
  /** Training steps in one repetition. */
  readonly steps: number;
  /** Documents in the batch of a step. */
  readonly batchSize: number;
  /** Where the model goes for a counterpart that takes no documents of more than one row. */
  readonly counterpart?: { readonly directory: string };
}

/** Work that the benchmark's command `speed` times. */
export interface AtlopSpeedWork {
  /** Documents that one repetition reads. */
  readonly documents: number;
  /** The features of the documents by batch. */
  readonly input: { readonly batches: readonly (readonly AtlopFeatures[])[] };
  /** Does all of the work once. */
  run(): Promise<void>;
  /** Gives numbers that whoever does the same work gets too. */
  check(): Promise<readonly number[]>;
  dispose(): void;
}

/** Decides the weights of the head, the choice of documents and the dropout masks. */
const SEED = 66;

/** Learning rates of the paper's recipe for DocRED. */
const RATES = { encoderLearningRate: 5e-5, headLearningRate: 1e-4, warmup: 0.06, totalSteps: 1000 } as const;

/**
 * Prepares training steps on batches drawn at random; one repetition takes a step on each.
 *
 * The numbers to check by are the batches' losses without dropout.
 *
 * @throws {RangeError} If there are not enough documents with pairs.
 */
export async function prepareSteps(
  documents: readonly Document[],
  options: AtlopSpeedOptions,
): Promise<AtlopSpeedWork> {
  const { backbone, config, steps, batchSize, counterpart } = options;
  const random = createRandom(SEED);
  const features = await findFeatures(documents, options);
  const chosen = [...batches(features, { size: batchSize, shuffle: random.fork("order"), dropLast: true })];
  if (chosen.length < steps) {
    const least = steps * batchSize;
    throw new RangeError(`documents must hold ${least} with pairs for ${steps} steps, got ${features.length}.`);
  }
  const timed = chosen.slice(0, steps);
  const model = new AtlopModel(config, backbone, random.fork("model"));
  if (counterpart !== undefined) await saveModel(model, options, counterpart.directory);

  const optimizer = createOptimizer(model, RATES);
  const runner = new StepRunner(model, optimizer);
  const noise = random.fork("noise");
  return {
    documents: steps * batchSize,
    input: { batches: timed },
    run: async () => {
      for (const batch of timed) {
        const seed = drawNoiseSeed(noise);
        await runner.run([() => collateAtlop(batch, backbone, config)], [seed], free);
        seed.dispose();
      }
    },
    check: () => Promise.all(timed.map((batch) => lossOf(model, batch, options))),
    dispose: () => {
      runner.dispose();
      optimizer.dispose();
      model.dispose();
    },
  };
}

/**
 * Prepares extraction from all the documents.
 *
 * The numbers to check by are every pair's scores for every relation, as margins over the threshold class, in the order
 * of the batches in `input`: those that extraction makes.
 */
export async function prepareInference(
  documents: readonly Document[],
  options: AtlopSpeedOptions,
): Promise<AtlopSpeedWork> {
  const { backbone, config, counterpart } = options;
  const unlabelled = documents.map((document) => ({ ...document, relations: [], labelled: false }));
  const features = await findFeatures(unlabelled, options);
  const kept = new Set(features.map(({ documentId }) => documentId));
  const read = unlabelled.filter(({ id }) => kept.has(id));
  const planned = planDocuments(features, backbone.encoder, DEFAULT_MEMORY_BUDGET);
  const timed = planned.map((numbers) => numbers.map((number) => features[number] as AtlopFeatures));
  const model = new AtlopModel(config, backbone, createRandom(SEED).fork("model"));
  if (counterpart !== undefined) await saveModel(model, options, counterpart.directory);

  const extractor = new AtlopExtractor(model, backbone);
  return {
    documents: read.length,
    input: { batches: timed },
    run: async () => void (await extractor.extract(read)),
    check: async () => orderScores(await extractor.scoreAll(read), timed.flat(), config),
    dispose: () => extractor.dispose(),
  };
}

/** The features of the documents with pairs; with a counterpart, only of those that fit in one row. */
async function findFeatures(
  documents: readonly Document[],
  { backbone, config, counterpart }: AtlopSpeedOptions,
): Promise<AtlopFeatures[]> {
  const features = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);
  const mostTokens = counterpart === undefined ? Infinity : backbone.encoder.maxTokens;
  return features.filter(({ pairs, tokenIds }) => pairs.length > 0 && tokenIds.length <= mostTokens);
}

async function saveModel(model: AtlopModel, { backbone, config }: AtlopSpeedOptions, directory: string): Promise<void> {
  // Frees no weights: it is not disposed of, and has made no graph yet.
  await new AtlopExtractor(model, backbone, config).save(directory);
}

async function lossOf(
  model: AtlopModel,
  features: readonly AtlopFeatures[],
  { backbone, config }: AtlopSpeedOptions,
): Promise<number> {
  const batch = collateAtlop(features, backbone, config);
  const loss = model.loss(batch, INFERENCE);
  free(batch);
  const [value] = await loss.data();
  loss.dispose();
  return value as number;
}

/** Scores by document, pair and relation. */
function orderScores(
  scored: readonly EntityRelation[],
  features: readonly AtlopFeatures[],
  { relations }: AtlopConfig,
): number[] {
  const key = (id: string, head: number, tail: number, relation: string): string =>
    JSON.stringify([id, head, tail, relation]);
  const scores = new Map(
    scored.map(({ documentId, head, tail, relation, score }) => [key(documentId, head, tail, relation), score]),
  );
  return features.flatMap(({ documentId, pairs }) =>
    pairs.flatMap(([head, tail]) =>
      relations.map((relation) => scores.get(key(documentId, head, tail, relation)) as number),
    ),
  );
}

function free(batch: object): void {
  tf.dispose(batch as tf.TensorContainer);
}
