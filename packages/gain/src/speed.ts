import { batches, type Document, type EntityRelation } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom, drawNoiseSeed, INFERENCE } from "@relatum/tensor-utils";
import { StepRunner } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import { collateGain } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import { GainExtractor } from "./extractor.ts";
import { featurizeGainDocuments, type GainFeatures } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET, planDocuments } from "./memory.ts";
import { GainModel } from "./model.ts";
import { sampleNegatives } from "./negatives.ts";
import { createOptimizer } from "./train.ts";

/** What is timed. */
export interface GainSpeedOptions {
  /** Belongs to the work from then on. */
  readonly backbone: Backbone;
  readonly config: GainConfig;
  /** Training steps in one repetition. */
  readonly steps: number;
  /** Documents in the batch of a step. */
  readonly batchSize: number;
  /** Where the model goes for a counterpart to read. */
  readonly counterpart?: { readonly directory: string };
}

/** Work that the benchmark's command `speed` times. */
export interface GainSpeedWork {
  /** Documents that one repetition reads. */
  readonly documents: number;
  /** The features of the documents by batch. */
  readonly input: { readonly batches: readonly (readonly GainFeatures[])[] };
  /** Does all of the work once. */
  run(): Promise<void>;
  /** Gives numbers that whoever does the same work gets too. */
  check(): Promise<readonly number[]>;
  dispose(): void;
}

/** Decides the weights of the head, the choice of documents and pairs, and the dropout masks. */
const SEED = 66;

/** Learning rates of the paper's recipe for BERT. */
const RATES = { encoderLearningRate: 1e-5, headLearningRate: 1e-3, warmup: 0, epochs: 1, totalSteps: 1000 } as const;

/**
 * Prepares training steps on batches drawn at random; one repetition takes a step on each.
 *
 * The numbers to check by are the batches' losses without dropout.
 *
 * @throws {RangeError} If there are not enough documents with pairs.
 */
export async function prepareSteps(documents: readonly Document[], options: GainSpeedOptions): Promise<GainSpeedWork> {
  const { backbone, config, steps, batchSize, counterpart } = options;
  const random = createRandom(SEED);
  const featurized = await featurizeGainDocuments(documents, backbone.tokenizer, config);
  const features = featurized
    .filter(({ pairs }) => pairs.length > 0)
    .map((one, number) => sampleNegatives(one, config, random.fork(`negatives ${number}`)));
  const chosen = [...batches(features, { size: batchSize, shuffle: random.fork("order"), dropLast: true })];
  if (chosen.length < steps) {
    const least = steps * batchSize;
    throw new RangeError(`documents must hold ${least} with pairs for ${steps} steps, got ${features.length}.`);
  }
  const timed = chosen.slice(0, steps);
  const model = new GainModel(config, backbone, random.fork("model"));
  if (counterpart !== undefined) await saveModel(model, options, counterpart.directory);

  const optimizer = createOptimizer(model, { ...RATES, config });
  const runner = new StepRunner(model, optimizer);
  const noise = random.fork("noise");
  return {
    documents: steps * batchSize,
    input: { batches: timed },
    run: async () => {
      for (const batch of timed) {
        const seed = drawNoiseSeed(noise);
        await runner.run([() => collateGain(batch, backbone.tokenizer, config)], [seed], free);
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
 * The numbers to check by are every pair's probability of every relation, in the order of the batches in `input`: those
 * that extraction makes.
 */
export async function prepareInference(
  documents: readonly Document[],
  options: GainSpeedOptions,
): Promise<GainSpeedWork> {
  const { backbone, config, counterpart } = options;
  const unlabelled = documents.map((document) => ({ ...document, relations: [], labelled: false }));
  const features = await featurizeGainDocuments(unlabelled, backbone.tokenizer, config);
  const planned = planDocuments(features, backbone.encoder, config, DEFAULT_MEMORY_BUDGET);
  const timed = planned.map((numbers) => numbers.map((number) => features[number] as GainFeatures));
  const model = new GainModel(config, backbone, createRandom(SEED).fork("model"));
  if (counterpart !== undefined) await saveModel(model, options, counterpart.directory);

  const extractor = new GainExtractor(model, backbone).withThreshold(0.5);
  return {
    documents: timed.flat().length,
    input: { batches: timed },
    run: async () => void (await extractor.extract(unlabelled)),
    check: async () => orderScores(await extractor.scoreAll(unlabelled), timed.flat(), config),
    dispose: () => extractor.dispose(),
  };
}

async function saveModel(model: GainModel, { backbone, config }: GainSpeedOptions, directory: string): Promise<void> {
  // Frees no weights: it is not disposed of, and has made no graph yet.
  await new GainExtractor(model, backbone, config).save(directory);
}

async function lossOf(
  model: GainModel,
  features: readonly GainFeatures[],
  { backbone, config }: GainSpeedOptions,
): Promise<number> {
  const batch = collateGain(features, backbone.tokenizer, config);
  const loss = model.loss(batch, INFERENCE);
  free(batch);
  const [value] = await loss.data();
  loss.dispose();
  return value as number;
}

/** Scores by document, pair and relation. */
function orderScores(
  scored: readonly EntityRelation[],
  features: readonly GainFeatures[],
  { relations }: GainConfig,
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
