import { batches, type Document, requireTrainable } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import { AdamW, type BatchPart, type FitReport, linearWarmup, type TrainSettings } from "@relatum/tensor-utils/train";

import type { PureConfig } from "./config.ts";
import type { PureEntityModel } from "./entity-model.ts";
import { PureExtractor, type PurePart } from "./extractor.ts";
import { fitStage, memoryBudgets } from "./fit-stage.ts";
import { createMarkers } from "./markers.ts";
import { featureTokens, type PureRelationBatch } from "./relation-batch.ts";
import {
  featurizePureRelationDocuments,
  type PureLengthNotice,
  type PureRelationFeatures,
} from "./relation-features.ts";
import { PureRelationModel } from "./relation-model.ts";
import { type LabelledSpan, labelledSpans } from "./spans.ts";
import type { PureOptimizerSettings } from "./train-entities.ts";
import { relationParts } from "./training-memory.ts";

/** What {@link trainPureRelations} needs besides documents. */
export interface TrainPureRelationsOptions extends TrainSettings {
  /** Is trained; belongs to the extractor from then on. */
  readonly backbone: Backbone;
  readonly config: PureConfig;
  /** The spans to pair, by document and sentence; the documents' own entities without it. */
  readonly spans?: readonly (readonly (readonly LabelledSpan[])[])[];
  /** Finds the entities of the resulting extractor, to which it belongs from then on. */
  readonly entity?: PurePart<PureEntityModel>;
  /** Scores the model after an epoch, higher is better; the best epoch's model is the result. */
  readonly evaluate?: (extractor: PureExtractor) => Promise<number>;
  /** Told of each training sentence that does not fit into the model's input. */
  readonly notify?: (notice: PureLengthNotice) => void;
}

/** Share of each weight that a step takes away, times the learning rate. */
const WEIGHT_DECAY = 0.01;

/**
 * Trains PURE's relation model by the recipe of the paper: AdamW with decay, warm-up and linear decrease.
 *
 * Texts of like length share a batch; batches hold the same texts in each epoch, and change places.
 *
 * @param documents Labelled, with types and relations of the config only.
 * @returns The best epoch's model, or the last one's without `evaluate`.
 * @throws {RangeError} If a document is unlabelled or names an unknown relation, or a setting is impossible.
 */
export async function trainPureRelations(
  documents: readonly Document[],
  options: TrainPureRelationsOptions,
): Promise<{ extractor: PureExtractor; report: FitReport }> {
  const { backbone, config, spans, entity, epochs, accumulate = 1 } = options;
  requireTrainable(documents);
  const grouped = batchTexts(await featurizePairs(documents, options), options.batchSize);

  const random = createRandom(options.seed);
  const model = new PureRelationModel(config, backbone, random.fork("model"));
  const models = { config, relation: { model, backbone }, ...(entity && { entity }) };
  const budgets = memoryBudgets(model, options);
  const extractor = new PureExtractor(models, { remembersEntities: true, memoryBudget: budgets.extraction });
  const optimizer = createRelationOptimizer(model, {
    ...options,
    totalSteps: Math.ceil(grouped.length / accumulate) * epochs,
  });

  function* batches(epoch: number): Generator<readonly BatchPart<PureRelationBatch>[]> {
    for (const batch of random.fork(`order ${epoch}`).shuffle(grouped)) {
      yield relationParts(batch, { backbone, config }, budgets.training);
    }
  }

  const stage = { name: "relation", model, extractor, optimizer, random, batches, documents } as const;
  return fitStage({ ...stage, ...(spans && { spans }) }, options);
}

/**
 * Lists the pairs to learn relations from.
 *
 * @throws {RangeError} If there is none.
 */
export async function featurizePairs(
  documents: readonly Document[],
  options: Pick<TrainPureRelationsOptions, "backbone" | "config" | "notify" | "spans">,
): Promise<readonly PureRelationFeatures[]> {
  const { backbone, config, notify } = options;
  const spans = options.spans ?? documents.map((document) => labelledSpans(document, config.entityTypes));
  const { features, notices } = await featurizePureRelationDocuments(documents, spans, {
    config,
    tokenizer: backbone.tokenizer,
    markers: createMarkers(backbone.tokenizer, config),
    encoderTokens: backbone.encoder.maxTokens,
    pairsPerText: config.batchedTraining ? "many" : "one",
  });
  for (const notice of notices) notify?.(notice);
  if (features.length === 0) throw new RangeError("documents must have pairs of entities to train on, got none.");
  return features;
}

/** Groups texts into the batches that the relation model is trained on: those of like length together. */
export function batchTexts(features: readonly PureRelationFeatures[], size: number): PureRelationFeatures[][] {
  return [
    ...batches(
      features.toSorted((left, right) => featureTokens(left) - featureTokens(right)),
      { size },
    ),
  ];
}

/**
 * Creates the relation model's optimizer: one rate for the encoder, one for all that is new, and decay.
 *
 * Biases and the encoder's norms do not decay. The norm before the classifier has another name in the authors' code, and
 * decays.
 */
export function createRelationOptimizer(
  model: Pick<PureRelationModel, "parameters">,
  { encoderLearningRate, headLearningRate, warmup, totalSteps }: PureOptimizerSettings,
): AdamW {
  const groups = [
    { match: /^encoder\.(?:.*\.)?(?:bias|\w*[nN]orm\.weight)$/, learningRate: encoderLearningRate },
    { match: /^encoder\./, learningRate: encoderLearningRate, weightDecay: WEIGHT_DECAY },
    { match: /\.bias$/, learningRate: headLearningRate },
    { match: /./, learningRate: headLearningRate, weightDecay: WEIGHT_DECAY },
  ];
  const schedule = linearWarmup({ warmupSteps: Math.floor(totalSteps * warmup), totalSteps });
  return new AdamW(model.parameters(), groups, { schedule, epsilon: 1e-6 });
}
