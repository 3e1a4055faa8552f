import { type Document, requireTrainable } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import type { BatchPart, FitReport, TrainSettings } from "@relatum/tensor-utils/train";

import { type PureConfig, relationConfig } from "./config.ts";
import { PureEntityModel } from "./entity-model.ts";
import { batchSentences } from "./entity-order.ts";
import { PureExtractor } from "./extractor.ts";
import { fitStage, memoryBudgets } from "./fit-stage.ts";
import type { PureJointBatch } from "./joint-batch.ts";
import { featurizePureJointDocuments } from "./joint-features.ts";
import { PureJointModel } from "./joint-model.ts";
import { PureRelationModel } from "./relation-model.ts";
import { createSharedOptimizer } from "./train-shared.ts";
import { jointParts } from "./training-memory.ts";

/** What {@link trainPureJoint} needs besides documents. */
export interface TrainPureJointOptions extends TrainSettings {
  /** Is trained; belongs to the extractor from then on. */
  readonly backbone: Backbone;
  readonly config: PureConfig;
  /** Scores the model after an epoch, higher is better; the best epoch's model is the result. */
  readonly evaluate?: (extractor: PureExtractor) => Promise<number>;
}

/**
 * Trains the joint baseline of the paper's Table 7: one encoder and no markers, on the spans that are likeliest entities.
 *
 * @param documents Labelled, with types and relations of the config only.
 * @throws {RangeError} If a document is unlabelled or names an unknown type or relation, or a setting is impossible.
 */
export async function trainPureJoint(
  documents: readonly Document[],
  options: TrainPureJointOptions,
): Promise<{ extractor: PureExtractor; report: FitReport }> {
  const { backbone, config, epochs, accumulate = 1 } = options;
  requireTrainable(documents);
  const features = await featurizePureJointDocuments(documents, backbone.tokenizer, config);
  const filled = features.filter(({ spans }) => spans.length > 0);
  if (filled.length === 0) throw new RangeError("documents must have words to train on, got none.");
  const grouped = batchSentences(filled, {
    size: options.batchSize,
    batching: options.batching,
  });

  const random = createRandom(options.seed);
  const entity = new PureEntityModel(config, backbone, random.fork("entity model"));
  const relation = new PureRelationModel(relationConfig(config, backbone), backbone, random.fork("relation model"));
  const model = new PureJointModel(entity, relation);
  const budgets = memoryBudgets(model, options);
  const extractor = new PureExtractor(
    { config, entity: { model: entity, backbone }, relation: { model: relation, backbone } },
    { memoryBudget: budgets.extraction },
  );
  const totalSteps = Math.ceil(grouped.length / accumulate) * epochs;
  const optimizer = createSharedOptimizer(model, { ...options, totalSteps });

  function* batches(epoch: number): Generator<readonly BatchPart<PureJointBatch>[]> {
    for (const batch of random.fork(`order ${epoch}`).shuffle(grouped)) {
      yield jointParts(batch, { backbone, config }, budgets.training);
    }
  }

  return fitStage({ name: "joint", model, extractor, optimizer, random, batches, documents }, options);
}
