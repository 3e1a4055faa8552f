import { batches, type Document, documentsHash, requireTrainable } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import {
  AdamW,
  batchMemory,
  type BatchPart,
  fit,
  type FitReport,
  linearWarmup,
  runFingerprint,
  type TrainSettings,
} from "@relatum/tensor-utils/train";

import { type AtlopBatch, countAtlopTokens } from "./batch.ts";
import type { AtlopConfig } from "./config.ts";
import { AtlopExtractor } from "./extractor.ts";
import { type AtlopFeatures, featurizeAtlopDocuments } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { AtlopModel } from "./model.ts";
import { atlopParts } from "./training-memory.ts";

/** What {@link trainAtlop} needs besides documents. */
export interface TrainAtlopOptions extends TrainSettings {
  /** Is trained; belongs to the extractor from then on. */
  readonly backbone: Backbone;
  readonly config: AtlopConfig;
  /** Scores the model after an epoch, higher is better; the best epoch's model is the result. */
  readonly evaluate?: (extractor: AtlopExtractor) => Promise<number>;
}

/** Gradients longer than this are scaled down to it. */
const CLIP_NORM = 1;

/**
 * Trains ATLOP by the recipe of the paper: AdamW with two learning rates, warm-up and linear decay, clipped gradients.
 *
 * The documents are shuffled before each epoch, in batches of like length unless `batching` says otherwise; an epoch
 * leaves out a last batch that is not full. Batches that need more than `memory` are taken in parts.
 *
 * @param documents Labelled, with relations of the config only.
 * @returns The best epoch's model, or the last one's without `evaluate`.
 * @throws {RangeError} If a document is unlabelled or names an unknown relation, or a setting is impossible.
 */
export async function trainAtlop(
  documents: readonly Document[],
  options: TrainAtlopOptions,
): Promise<{ extractor: AtlopExtractor; report: FitReport }> {
  const { backbone, config, batchSize, epochs, accumulate = 1, batching = "by-length", evaluate, checkpoint } = options;
  requireTrainable(documents);
  const featurized = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);
  const features = featurized.filter(({ pairs }) => pairs.length > 0);
  if (features.length === 0) throw new RangeError("documents must have pairs of entities to train on, got none.");

  const random = createRandom(options.seed);
  const model = new AtlopModel(config, backbone, random.fork("model"));
  const memoryBudget = options.memory === undefined ? Infinity : batchMemory(model, options.memory);
  const extractor = new AtlopExtractor(model, backbone, config, {
    memoryBudget: Math.min(DEFAULT_MEMORY_BUDGET, memoryBudget),
  });
  const size = Math.min(batchSize, features.length);
  const optimizer = createOptimizer(model, {
    ...options,
    totalSteps: Math.ceil(Math.floor(features.length / size) / accumulate) * epochs,
  });

  const order = (epoch: number): Iterable<AtlopFeatures[]> =>
    batches(features, {
      size,
      shuffle: random.fork(`order ${epoch}`),
      dropLast: true,
      ...(batching === "by-length" && { lengthOf: ({ tokenIds }) => tokenIds.length }),
    });

  function* epochBatches(epoch: number): Generator<readonly BatchPart<AtlopBatch>[]> {
    for (const batch of order(epoch)) yield atlopParts(batch, { backbone, config }, memoryBudget);
  }

  try {
    const report = await fit(model, {
      epochs,
      optimizer,
      accumulate,
      random: random.fork("noise"),
      batches: epochBatches,
      padding: (epoch) => paddingShare(order(epoch), backbone, config),
      ...(evaluate && { evaluate: () => evaluate(extractor) }),
      ...(checkpoint && {
        checkpoint: {
          ...checkpoint,
          fingerprint: runFingerprint(options, {
            paper: "atlop",
            documents: String(documents.length),
            "documents.sha256": await documentsHash(documents),
          }),
        },
      }),
      ...(options.log && { log: options.log.bind(options) }),
      ...(options.signal && { signal: options.signal }),
    });
    return { extractor, report };
  } catch (error) {
    extractor.dispose();
    throw error;
  } finally {
    optimizer.dispose();
  }
}

/** What {@link createOptimizer} is made from. */
export interface AtlopOptimizerSettings extends Pick<
  TrainSettings,
  "encoderLearningRate" | "headLearningRate" | "warmup"
> {
  readonly totalSteps: number;
}

/** Creates the paper's optimizer: one learning rate for the encoder, one for all that is new. */
export function createOptimizer(
  model: Pick<AtlopModel, "parameters">,
  { encoderLearningRate, headLearningRate, warmup, totalSteps }: AtlopOptimizerSettings,
): AdamW {
  const groups = [
    { match: /^encoder\./, learningRate: encoderLearningRate },
    { match: /^(head|tail)Extractor\.|^bilinear\./, learningRate: headLearningRate },
  ];
  const schedule = linearWarmup({ warmupSteps: Math.floor(totalSteps * warmup), totalSteps });
  return new AdamW(model.parameters(), groups, { clipNorm: CLIP_NORM, schedule, epsilon: 1e-6 });
}

/** The share of padding among the tokens of some batches. */
function paddingShare(order: Iterable<readonly AtlopFeatures[]>, backbone: Backbone, config: AtlopConfig): number {
  let [all, padding] = [0, 0];
  for (const batch of order) {
    const counted = countAtlopTokens(batch, backbone, config);
    all += counted.all;
    padding += counted.padding;
  }
  return padding / all;
}
