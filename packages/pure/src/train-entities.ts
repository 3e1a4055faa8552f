import { type Document, requireTrainable } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import { AdamW, type BatchPart, type FitReport, linearWarmup, type TrainSettings } from "@relatum/tensor-utils/train";

import type { PureConfig } from "./config.ts";
import type { PureEntityBatch } from "./entity-batch.ts";
import { featurizePureEntityDocuments, type PureEntityFeatures } from "./entity-features.ts";
import { PureEntityModel } from "./entity-model.ts";
import { batchSentences } from "./entity-order.ts";
import { PureExtractor } from "./extractor.ts";
import { fitStage, memoryBudgets } from "./fit-stage.ts";
import { entityParts } from "./training-memory.ts";

/** What {@link trainPureEntities} needs besides documents. */
export interface TrainPureEntitiesOptions extends TrainSettings {
  /** Is trained; belongs to the extractor from then on. */
  readonly backbone: Backbone;
  readonly config: PureConfig;
  /** Scores the model after an epoch, higher is better; the best epoch's model is the result. */
  readonly evaluate?: (extractor: PureExtractor) => Promise<number>;
}

/**
 * Trains PURE's entity model by the recipe of the paper: AdamW with two learning rates, warm-up and linear decay.
 *
 * Batches hold the same sentences in each epoch, and change places. There is no weight decay and no clipping.
 *
 * @param documents Labelled, with types of the config only.
 * @returns An extractor that finds entities only: the best epoch's, or the last one's without `evaluate`.
 * @throws {RangeError} If a document is unlabelled or names an unknown type, or a setting is impossible.
 */
export async function trainPureEntities(
  documents: readonly Document[],
  options: TrainPureEntitiesOptions,
): Promise<{ extractor: PureExtractor; report: FitReport }> {
  const { backbone, config, epochs, accumulate = 1 } = options;
  requireTrainable(documents);
  const grouped = batchSentences(await featurizeSentences(documents, options), {
    size: options.batchSize,
    batching: options.batching,
  });

  const random = createRandom(options.seed);
  const model = new PureEntityModel(config, backbone, random.fork("model"));
  const budgets = memoryBudgets(model, options);
  const extractor = new PureExtractor({ config, entity: { model, backbone } }, { memoryBudget: budgets.extraction });
  const optimizer = createEntityOptimizer(model, {
    ...options,
    totalSteps: Math.ceil(grouped.length / accumulate) * epochs,
  });

  function* batches(epoch: number): Generator<readonly BatchPart<PureEntityBatch>[]> {
    for (const batch of random.fork(`order ${epoch}`).shuffle(grouped)) {
      yield entityParts(batch, { backbone, config }, budgets.training);
    }
  }

  return fitStage({ name: "entity", model, extractor, optimizer, random, batches, documents }, options);
}

/**
 * Lists the sentences to learn entities from, those without words left out.
 *
 * @throws {RangeError} If there is none.
 */
export async function featurizeSentences(
  documents: readonly Document[],
  { backbone, config }: Pick<TrainPureEntitiesOptions, "backbone" | "config">,
): Promise<PureEntityFeatures[]> {
  const features = await featurizePureEntityDocuments(documents, backbone.tokenizer, config);
  const filled = features.filter(({ spans }) => spans.length > 0);
  if (filled.length === 0) throw new RangeError("documents must have words to train on, got none.");
  return filled;
}

/** What {@link createEntityOptimizer} is made from. */
export interface PureOptimizerSettings extends Pick<
  TrainSettings,
  "encoderLearningRate" | "headLearningRate" | "warmup"
> {
  readonly totalSteps: number;
}

/** Creates the entity model's optimizer: one learning rate for the encoder, one for all that is new, no decay. */
export function createEntityOptimizer(
  model: Pick<PureEntityModel, "parameters">,
  { encoderLearningRate, headLearningRate, warmup, totalSteps }: PureOptimizerSettings,
): AdamW {
  const groups = [
    { match: /^encoder\./, learningRate: encoderLearningRate },
    { match: /^(?:widthEmbedding|feedForward|classifier)\./, learningRate: headLearningRate },
  ];
  const schedule = linearWarmup({ warmupSteps: Math.floor(totalSteps * warmup), totalSteps });
  return new AdamW(model.parameters(), groups, { schedule, epsilon: 1e-6 });
}
