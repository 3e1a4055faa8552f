import type { ExtractionWork, SpeedOptions, TrainingWork } from "@relatum/benchmark";
import { type Document, withoutLabels } from "@relatum/datasets";
import { createRandom, type Random } from "@relatum/tensor-utils";

import { type GainBackbone, tokenizerOf } from "./backbone.ts";
import { collateGain, type GainBatch } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import { GainExtractor } from "./extractor.ts";
import { featurizeGainDocuments, type GainFeatures } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET, planDocuments } from "./memory.ts";
import { GainModel } from "./model.ts";
import { sampleNegatives } from "./negatives.ts";
import { createOptimizer } from "./train.ts";

/** What is timed. */
export interface GainSpeedOptions extends Pick<SpeedOptions, "counterpart" | "seed"> {
  readonly backbone: GainBackbone;
  readonly config: GainConfig;
}

/** Learning rates of the paper's recipe for BERT. */
const RATES = { encoderLearningRate: 1e-5, headLearningRate: 1e-3, warmup: 0, epochs: 1, totalSteps: 1000 } as const;

/** Prepares training on documents with pairs, and some of the pairs without a relation. */
export async function prepareTraining(
  documents: readonly Document[],
  options: GainSpeedOptions,
): Promise<TrainingWork<GainFeatures, GainBatch>> {
  const { backbone, config, seed } = options;
  const random = createRandom(seed);
  const tokenizer = tokenizerOf(backbone);
  const features = await featurizeGainDocuments(documents, tokenizer, config);
  const model = await createModel(options, random);
  return {
    part: "step",
    features: features
      .filter(({ pairs }) => pairs.length > 0)
      .map((one, number) => sampleNegatives(one, config, random.fork(`negatives ${number}`))),
    model,
    optimizer: createOptimizer(model, { ...RATES, config }),
    collate: (batch) => collateGain(batch, tokenizer, config),
  };
}

/** Prepares extraction; a score is the probability of a relation of a pair. */
export async function prepareExtraction(
  documents: readonly Document[],
  options: GainSpeedOptions,
): Promise<ExtractionWork<GainFeatures>> {
  const { backbone, config, seed } = options;
  const model = await createModel(options, createRandom(seed));
  const unlabelled = documents.map(withoutLabels);
  const features = await featurizeGainDocuments(unlabelled, tokenizerOf(backbone), config);
  const planned = planDocuments(features, model.encoder, config, DEFAULT_MEMORY_BUDGET);
  const read = planned.flat().map((number) => unlabelled[number] as Document);
  const extractor = new GainExtractor(model, backbone).withThreshold(0.5);
  return {
    part: "inference",
    count: read.length,
    batches: planned.map((numbers) => numbers.map((number) => features[number] as GainFeatures)),
    run: () => extractor.extract(read),
    scores: async () => (await extractor.scoreAll(read)).map(({ score }) => score),
    dispose: () => extractor.dispose(),
  };
}

async function createModel({ backbone, config, counterpart }: GainSpeedOptions, random: Random): Promise<GainModel> {
  const model = new GainModel(config, backbone, random.fork("model"));
  // Frees no weights: the extractor is not disposed of, and has made no graph yet.
  if (counterpart !== undefined) await new GainExtractor(model, backbone).save(counterpart.directory);
  return model;
}
