import { batches, type Document, documentsHash, requireTrainable } from "@relatum/datasets";
import { BiLstmEncoder } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import {
  AdamW,
  batchMemory,
  type BatchPart,
  fit,
  type FitReport,
  runFingerprint,
  type TrainSettings,
} from "@relatum/tensor-utils/train";

import { type GainBackbone, tokenizerOf } from "./backbone.ts";
import { countGainTokens, type GainBatch } from "./batch.ts";
import type { GainConfig } from "./config.ts";
import { GainExtractor } from "./extractor.ts";
import { featurizeGainDocuments, type GainFeatures } from "./features.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { GainModel } from "./model.ts";
import { sampleNegatives } from "./negatives.ts";
import { gainSchedule } from "./schedule.ts";
import { gainParts } from "./training-memory.ts";

/** What {@link trainGain} needs besides documents. */
export interface TrainGainOptions extends TrainSettings {
  /** Is trained, and belongs to the extractor from then on; vectors of words are copied. */
  readonly backbone: GainBackbone;
  readonly config: GainConfig;
  /**
   * Scores the model after an epoch, higher is better; the best epoch's model is the result. Is to choose a threshold
   * first: the extractor has none.
   */
  readonly evaluate?: (extractor: GainExtractor) => Promise<number>;
}

/** Share of each weight taken away per step, times the learning rate: PyTorch's own for BERT, the paper's for the rest. */
const WEIGHT_DECAY = { pretrained: 0.01, others: 1e-4 } as const;

/** PyTorch's own. */
const EPSILON = 1e-8;

/**
 * Trains GAIN by the recipe of the paper and its code: AdamW with two learning rates, some of the unrelated pairs.
 *
 * The documents are shuffled before each epoch, in batches of like length unless `batching` says otherwise, and unrelated
 * pairs are drawn anew. Batches that need more than `memory` are taken in parts.
 *
 * @param documents Labelled, with relations of the config only.
 * @returns The best epoch's model, or the last one's without `evaluate`; its threshold is the config's, to be chosen.
 * @throws {RangeError} If a document is unlabelled or names an unknown relation, or a setting is impossible.
 */
export async function trainGain(
  documents: readonly Document[],
  options: TrainGainOptions,
): Promise<{ extractor: GainExtractor; report: FitReport }> {
  const { backbone, config, batchSize, epochs, accumulate = 1, batching = "by-length", evaluate, checkpoint } = options;
  requireTrainable(documents);
  const tokenizer = tokenizerOf(backbone);
  const featurized = await featurizeGainDocuments(documents, tokenizer, config);
  const features = featurized.filter(({ pairs }) => pairs.length > 0);
  if (features.length === 0) throw new RangeError("documents must have pairs of entities to train on, got none.");

  const random = createRandom(options.seed);
  const model = new GainModel(config, backbone, random.fork("model"));
  const memoryBudget = options.memory === undefined ? Infinity : batchMemory(model, options.memory);
  const extractor = new GainExtractor(model, backbone, config, {
    memoryBudget: Math.min(DEFAULT_MEMORY_BUDGET, memoryBudget),
  });
  const batchCount = Math.ceil(features.length / batchSize);
  const optimizer = createOptimizer(model, { ...options, totalSteps: Math.ceil(batchCount / accumulate) * epochs });

  const numberOf = new Map(features.map((one, number) => [one, number]));
  const order = (epoch: number): Iterable<GainFeatures[]> =>
    batches(features, {
      size: batchSize,
      shuffle: random.fork(`order ${epoch}`),
      ...(batching === "by-length" && { lengthOf: ({ tokenIds }) => tokenIds.length }),
    });

  function* epochBatches(epoch: number): Generator<readonly BatchPart<GainBatch>[]> {
    const { encoder } = model;
    const sample = (one: GainFeatures): GainFeatures =>
      sampleNegatives(one, config, random.fork(`negatives ${epoch} ${numberOf.get(one)}`));
    for (const batch of order(epoch)) yield gainParts(batch.map(sample), { encoder, tokenizer, config }, memoryBudget);
  }

  try {
    const report = await fit(model, {
      epochs,
      optimizer,
      accumulate,
      random: random.fork("noise"),
      batches: epochBatches,
      padding: (epoch) => paddingShare(order(epoch)),
      ...(evaluate && { evaluate: () => evaluate(extractor) }),
      ...(checkpoint && {
        checkpoint: {
          ...checkpoint,
          fingerprint: runFingerprint(options, {
            paper: "gain",
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
export interface GainOptimizerSettings extends Pick<
  TrainSettings,
  "encoderLearningRate" | "headLearningRate" | "warmup" | "epochs"
> {
  readonly config: Pick<GainConfig, "schedule">;
  readonly totalSteps: number;
}

/** Creates the authors' optimizer: PyTorch's AdamW, one learning rate for the encoder, one for all else. */
export function createOptimizer(
  model: Pick<GainModel, "parameters" | "encoder">,
  { config, encoderLearningRate, headLearningRate, ...run }: GainOptimizerSettings,
): AdamW {
  const { pretrained, others } = WEIGHT_DECAY;
  const encoderDecay = model.encoder instanceof BiLstmEncoder ? others : pretrained;
  const groups = [
    { match: /^encoder\./, learningRate: encoderLearningRate, weightDecay: encoderDecay },
    { match: /./, learningRate: headLearningRate, weightDecay: others },
  ];
  const schedule = gainSchedule({ ...run, ...config });
  return new AdamW(model.parameters(), groups, { form: "torch", epsilon: EPSILON, schedule });
}

/** The share of padding among the tokens of some batches. */
function paddingShare(order: Iterable<readonly GainFeatures[]>): number {
  let [all, padding] = [0, 0];
  for (const batch of order) {
    const counted = countGainTokens(batch);
    all += counted.all;
    padding += counted.padding;
  }
  return padding / all;
}
