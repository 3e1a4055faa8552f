import type { ExtractionWork, SpeedOptions, TrainingWork } from "@relatum/benchmark";
import { type Document, withoutLabels } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

import { type AtlopBatch, collateAtlop } from "./batch.ts";
import type { AtlopConfig } from "./config.ts";
import { AtlopExtractor } from "./extractor.ts";
import { type AtlopFeatures, featurizeAtlopDocuments } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET, planDocuments } from "./memory.ts";
import { AtlopModel } from "./model.ts";
import { createOptimizer } from "./train.ts";

/** What is timed. */
export interface AtlopSpeedOptions extends Pick<SpeedOptions, "counterpart" | "seed"> {
  readonly backbone: Backbone;
  readonly config: AtlopConfig;
}

/** Learning rates of the paper's recipe for DocRED. */
const RATES = { encoderLearningRate: 5e-5, headLearningRate: 1e-4, warmup: 0.06, totalSteps: 1000 } as const;

/** Prepares training on documents with pairs; with a counterpart, on those that fit in one row. */
export async function prepareTraining(
  documents: readonly Document[],
  options: AtlopSpeedOptions,
): Promise<TrainingWork<AtlopFeatures, AtlopBatch>> {
  const { backbone, config } = options;
  const features = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);
  const model = await createModel(options);
  return {
    part: "step",
    features: features.filter((one) => isRead(one, options)),
    model,
    optimizer: createOptimizer(model, RATES),
    collate: (batch) => collateAtlop(batch, backbone, config),
  };
}

/** Prepares extraction; a score is the margin of a relation of a pair over the threshold class. */
export async function prepareExtraction(
  documents: readonly Document[],
  options: AtlopSpeedOptions,
): Promise<ExtractionWork<AtlopFeatures>> {
  const { backbone, config } = options;
  const unlabelled = documents.map(withoutLabels);
  const featurized = await featurizeAtlopDocuments(unlabelled, backbone.tokenizer, config);
  const kept = [...featurized.keys()].filter((number) => isRead(featurized[number] as AtlopFeatures, options));
  const features = kept.map((number) => featurized[number] as AtlopFeatures);
  const planned = planDocuments(features, backbone.encoder, DEFAULT_MEMORY_BUDGET);
  const read = planned.flat().map((number) => unlabelled[kept[number] as number] as Document);
  const extractor = new AtlopExtractor(await createModel(options), backbone);
  return {
    part: "inference",
    count: read.length,
    batches: planned.map((numbers) => numbers.map((number) => features[number] as AtlopFeatures)),
    run: () => extractor.extract(read),
    scores: async () => (await extractor.scoreAll(read)).map(({ score }) => score),
    dispose: () => extractor.dispose(),
  };
}

function isRead({ pairs, tokenIds }: AtlopFeatures, { backbone, counterpart }: AtlopSpeedOptions): boolean {
  return pairs.length > 0 && (counterpart === undefined || tokenIds.length <= backbone.encoder.maxTokens);
}

async function createModel({ backbone, config, counterpart, seed }: AtlopSpeedOptions): Promise<AtlopModel> {
  const model = new AtlopModel(config, backbone, createRandom(seed).fork("model"));
  // Frees no weights: the extractor is not disposed of, and has made no graph yet.
  if (counterpart !== undefined) await new AtlopExtractor(model, backbone).save(counterpart.directory);
  return model;
}
