import type { Document } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom, drawNoiseSeed, INFERENCE } from "@relatum/tensor-utils";
import { StepRunner } from "@relatum/tensor-utils/train";
import * as tf from "@tensorflow/tfjs";

import type { PureConfig } from "./config.ts";
import { PureExtractor } from "./extractor.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { planTexts, PurePairScorer } from "./pair-scorer.ts";
import { collatePureRelations } from "./relation-batch.ts";
import type { PureRelationFeatures } from "./relation-features.ts";
import { PureRelationModel } from "./relation-model.ts";
import { labelledSpans } from "./spans.ts";
import { batchTexts, createRelationOptimizer, featurizePairs } from "./train-relations.ts";

/** What is timed: the relation model on the documents' own entities. */
export interface PureSpeedOptions {
  /** Belongs to the work from then on. */
  readonly backbone: Backbone;
  readonly config: PureConfig;
  /** Training steps in one repetition. */
  readonly steps: number;
  /** Texts in the batch of a training step. */
  readonly batchSize: number;
  /** Where the model goes for a counterpart to read. */
  readonly counterpart?: { readonly directory: string };
}

/** Work that the benchmark's command `speed` times. */
export interface PureSpeedWork {
  /** Sentences that one repetition reads. */
  readonly documents: number;
  /** The features of the sentences by batch. */
  readonly input: { readonly batches: readonly (readonly PureRelationFeatures[])[] };
  /** Does all of the work once. */
  run(): Promise<void>;
  /** Gives numbers that whoever does the same work gets too. */
  check(): Promise<readonly number[]>;
  dispose(): void;
}

/** Decides the weights of the head, the choice of batches and the dropout masks. */
const SEED = 66;

/** The paper's recipe. */
const RATES = { encoderLearningRate: 2e-5, headLearningRate: 2e-5, warmup: 0.1, totalSteps: 1000 } as const;

/**
 * Prepares training steps on batches drawn at random; one repetition takes a step on each.
 *
 * The numbers to check by are the batches' losses without dropout.
 *
 * @throws {RangeError} If there are not enough pairs.
 */
export async function prepareSteps(documents: readonly Document[], options: PureSpeedOptions): Promise<PureSpeedWork> {
  const { backbone, config, steps, batchSize } = options;
  const random = createRandom(SEED);
  const grouped = batchTexts(await featurizePairs(documents, options), batchSize);
  const full = grouped.filter(({ length }) => length === batchSize);
  if (full.length < steps) {
    throw new RangeError(`documents must give ${steps} batches of ${batchSize} texts with pairs, got ${full.length}.`);
  }
  const timed = random.fork("order").shuffle(full).slice(0, steps);
  const model = await createModel(options);
  const optimizer = createRelationOptimizer(model, RATES);
  const runner = new StepRunner(model, optimizer);
  const noise = random.fork("noise");
  const collate = (batch: readonly PureRelationFeatures[]) => collatePureRelations(batch, backbone.tokenizer, config);
  return {
    documents: countSentences(timed.flat()),
    input: { batches: timed },
    run: async () => {
      for (const batch of timed) {
        const seed = drawNoiseSeed(noise);
        await runner.run([() => collate(batch)], [seed], free);
        seed.dispose();
      }
    },
    check: async () => {
      const losses: number[] = [];
      for (const features of timed) {
        const batch = collate(features);
        const loss = model.loss(batch, INFERENCE);
        free(batch);
        losses.push((await loss.data())[0] as number);
        loss.dispose();
      }
      return losses;
    },
    dispose: () => {
      runner.dispose();
      optimizer.dispose();
      model.dispose();
    },
  };
}

/**
 * Prepares extraction of relations between the documents' own entities.
 *
 * The numbers to check by are the probabilities of every pair's likeliest label, in the order of the batches in `input`:
 * those that extraction makes.
 */
export async function prepareInference(
  documents: readonly Document[],
  options: PureSpeedOptions,
): Promise<PureSpeedWork> {
  const { backbone, config } = options;
  const spans = documents.map((document) => labelledSpans(document, config.entityTypes));
  const batched = { ...config, batchedTraining: config.approximate };
  const features = await featurizePairs(documents, { backbone, config: batched });
  const planned = planTexts(features, backbone.encoder, DEFAULT_MEMORY_BUDGET);
  const firstPairs = features.map(() => 0);
  for (const [number, { pairs }] of features.entries()) {
    if (number + 1 < features.length) firstPairs[number + 1] = (firstPairs[number] as number) + pairs.length;
  }
  const model = await createModel(options);
  const scorer = new PurePairScorer(model, backbone);
  return {
    documents: countSentences(features),
    input: { batches: planned.map((numbers) => numbers.map((number) => features[number] as PureRelationFeatures)) },
    run: async () => void (await scorer.score(documents, spans, { budget: DEFAULT_MEMORY_BUDGET })),
    check: async () => {
      const scored = await scorer.score(documents, spans, { budget: DEFAULT_MEMORY_BUDGET });
      return planned.flat().flatMap((number) => {
        const first = firstPairs[number] as number;
        const count = features[number]?.pairs.length as number;
        return scored.slice(first, first + count).map(({ score }) => score);
      });
    },
    dispose: () => {
      scorer.dispose();
      model.dispose();
    },
  };
}

async function createModel({ backbone, config, counterpart }: PureSpeedOptions): Promise<PureRelationModel> {
  const model = new PureRelationModel(config, backbone, createRandom(SEED).fork("model"));
  if (counterpart !== undefined) {
    // Frees no weights: it is not disposed of, and has made no graph yet.
    await new PureExtractor({ config, relation: { model, backbone } }).save(counterpart.directory);
  }
  return model;
}

function countSentences(features: readonly PureRelationFeatures[]): number {
  return new Set(features.map(({ documentId, sentence }) => JSON.stringify([documentId, sentence]))).size;
}

function free(batch: object): void {
  tf.dispose(batch as tf.TensorContainer);
}
