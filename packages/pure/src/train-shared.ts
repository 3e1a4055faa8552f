import { type Document, requireTrainable } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import { AdamW, type BatchPart, type FitReport, linearWarmup, type TrainSettings } from "@relatum/tensor-utils/train";

import type { PureConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import { batchSentences } from "./entity-order.ts";
import { PureExtractor } from "./extractor.ts";
import { fitStage, memoryBudgets } from "./fit-stage.ts";
import type { PureLengthNotice } from "./relation-features.ts";
import { PureRelationModel } from "./relation-model.ts";
import { type PureSharedBatch, PureSharedModel } from "./shared-model.ts";
import { featurizeSentences, type PureOptimizerSettings } from "./train-entities.ts";
import { batchTexts, featurizePairs } from "./train-relations.ts";
import { sharedParts } from "./training-memory.ts";

/** What {@link trainPureShared} needs besides documents. */
export interface TrainPureSharedOptions extends TrainSettings {
  /** Is trained; belongs to the extractor from then on. */
  readonly backbone: Backbone;
  readonly config: PureConfig;
  /** Texts of pairs per step; `batchSize` counts sentences. */
  readonly relationBatchSize: number;
  /** Scores the models after an epoch, higher is better; the best epoch's are the result. */
  readonly evaluate?: (extractor: PureExtractor) => Promise<number>;
  /** Told of each training sentence that does not fit into the relation model's input. */
  readonly notify?: (notice: PureLengthNotice) => void;
}

/**
 * Trains both models over one encoder, with the sum of their losses.
 *
 * Each step takes a batch of sentences and a batch of pairs; an epoch ends when both kinds have been gone through, the
 * one of fewer batches beginning again as often as needed.
 *
 * @param documents Labelled, with types and relations of the config only.
 * @throws {RangeError} If a document is unlabelled or names an unknown type or relation, or a setting is impossible.
 */
export async function trainPureShared(
  documents: readonly Document[],
  options: TrainPureSharedOptions,
): Promise<{ extractor: PureExtractor; report: FitReport }> {
  const { backbone, config, epochs, accumulate = 1 } = options;
  requireTrainable(documents);
  const sentences = batchSentences(await featurizeSentences(documents, options), {
    size: options.batchSize,
    batching: options.batching,
  });
  const texts = batchTexts(await featurizePairs(documents, options), options.relationBatchSize);
  const steps = Math.max(sentences.length, texts.length);

  const random = createRandom(options.seed);
  const entity = new PureEntityModel(config, backbone, random.fork("entity model"));
  const relation = new PureRelationModel(config, backbone, random.fork("relation model"));
  const model = new PureSharedModel(entity, relation);
  const budgets = memoryBudgets(model, options);
  const extractor = new PureExtractor(
    { config, entity: { model: entity, backbone }, relation: { model: relation, backbone } },
    { memoryBudget: budgets.extraction },
  );
  const optimizer = createSharedOptimizer(model, { ...options, totalSteps: Math.ceil(steps / accumulate) * epochs });

  function* batches(epoch: number): Generator<readonly BatchPart<PureSharedBatch>[]> {
    const shuffledSentences = random.fork(`sentences ${epoch}`).shuffle(sentences);
    const shuffledTexts = random.fork(`texts ${epoch}`).shuffle(texts);
    for (let step = 0; step < steps; step += 1) {
      const batch = { sentences: itemAt(shuffledSentences, step), texts: itemAt(shuffledTexts, step) };
      yield sharedParts(batch, { backbone, config }, budgets.training);
    }
  }

  return fitStage({ name: "shared", model, extractor, optimizer, random, batches, documents }, options);
}

/** Creates the optimizer of two models on one encoder: one learning rate for the encoder, one for all that is new. */
export function createSharedOptimizer(
  model: Pick<PureSharedModel, "parameters">,
  { encoderLearningRate, headLearningRate, warmup, totalSteps }: PureOptimizerSettings,
): AdamW {
  const groups = [
    { match: /^encoder\./, learningRate: encoderLearningRate },
    { match: /^(?:entity|relation)\./, learningRate: headLearningRate },
  ];
  const schedule = linearWarmup({ warmupSteps: Math.floor(totalSteps * warmup), totalSteps });
  return new AdamW(model.parameters(), groups, { schedule, epsilon: 1e-6 });
}

function itemAt<T>(items: readonly T[], index: number): T {
  return items[index % items.length] as T;
}
