import type { ExtractionWork, SpeedOptions, TrainingWork } from "@relatum/benchmark";
import type { Document } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

import type { PureConfig } from "./config.ts";
import { PureExtractor } from "./extractor.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { planTexts, PurePairScorer, type ScoredPair } from "./pair-scorer.ts";
import { collatePureRelations, featureTokens, type PureRelationBatch } from "./relation-batch.ts";
import type { PureRelationFeatures } from "./relation-features.ts";
import { PureRelationModel } from "./relation-model.ts";
import { labelledSpans } from "./spans.ts";
import { createRelationOptimizer, featurizePairs } from "./train-relations.ts";

/** What is timed: the relation model on the documents' own entities. */
export interface PureSpeedOptions extends Pick<SpeedOptions, "counterpart" | "seed"> {
  readonly backbone: Backbone;
  readonly config: PureConfig;
}

/** The paper's recipe. */
const RATES = { encoderLearningRate: 2e-5, headLearningRate: 2e-5, warmup: 0.1, totalSteps: 1000 } as const;

/** Prepares training on texts and their pairs. */
export async function prepareTraining(
  documents: readonly Document[],
  options: PureSpeedOptions,
): Promise<TrainingWork<PureRelationFeatures, PureRelationBatch>> {
  const { backbone, config } = options;
  const features = await featurizePairs(documents, options);
  const model = await createModel(options);
  return {
    part: "step",
    features,
    model,
    optimizer: createRelationOptimizer(model, RATES),
    collate: (batch) => collatePureRelations(batch, backbone.tokenizer, config),
    lengthOf: featureTokens,
  };
}

/** Prepares extraction of relations; a score is the probability of a pair's likeliest label. */
export async function prepareExtraction(
  documents: readonly Document[],
  options: PureSpeedOptions,
): Promise<ExtractionWork<PureRelationFeatures>> {
  const { backbone, config } = options;
  const spans = documents.map((document) => labelledSpans(document, config.entityTypes));
  // As extraction lays pairs out, whatever training does.
  const asExtracted = { ...config, batchedTraining: config.approximate };
  const features = await featurizePairs(documents, { backbone, config: asExtracted });
  const planned = planTexts(features, backbone.encoder, DEFAULT_MEMORY_BUDGET);
  const model = await createModel(options);
  const scorer = new PurePairScorer(model, backbone);
  const score = (): Promise<ScoredPair[]> => scorer.score(documents, spans, { budget: DEFAULT_MEMORY_BUDGET });
  return {
    part: "inference",
    count: new Set(features.map(({ documentId, sentence }) => JSON.stringify([documentId, sentence]))).size,
    batches: planned.map((numbers) => numbers.map((number) => features[number] as PureRelationFeatures)),
    run: score,
    scores: async () => {
      const left = (await score()).values();
      const byFeature = features.map(({ pairs }) => pairs.map(() => (left.next().value as ScoredPair).score));
      return planned.flat().flatMap((number) => byFeature[number] as number[]);
    },
    dispose: () => {
      scorer.dispose();
      model.dispose();
    },
  };
}

async function createModel({ backbone, config, counterpart, seed }: PureSpeedOptions): Promise<PureRelationModel> {
  const model = new PureRelationModel(config, backbone, createRandom(seed).fork("model"));
  if (counterpart !== undefined) {
    // Frees no weights: the extractor is not disposed of, and has made no graph yet.
    await new PureExtractor({ config, relation: { model, backbone } }).save(counterpart.directory);
  }
  return model;
}
