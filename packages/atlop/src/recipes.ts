import type { TrainSettings } from "@relatum/tensor-utils/train";

import type { AtlopConfig } from "./config.ts";

/** How the paper trains on one data set with one encoder. */
export interface AtlopRecipe extends Pick<
  TrainSettings,
  "epochs" | "batchSize" | "encoderLearningRate" | "headLearningRate" | "warmup"
> {
  /** What `resolveEncoder` takes. */
  readonly encoder: string;
  readonly config: Pick<AtlopConfig, "pairSize" | "blockSize" | "maxRelationsPerPair">;
}

const SCIBERT = "allenai/scibert_scivocab_cased";

/** One relation, so one per pair. */
const BIOMEDICAL = { pairSize: 768, blockSize: 64, maxRelationsPerPair: 1 } as const;
const DOCRED = { pairSize: 768, blockSize: 64, maxRelationsPerPair: 4 } as const;

/** The settings of the paper's Table 2; sizes and limits are those of the authors' scripts. */
export const ATLOP_RECIPES: Readonly<Record<"docred-bert" | "docred-roberta" | "cdr" | "gda", AtlopRecipe>> = {
  "docred-bert": {
    encoder: "google-bert/bert-base-cased",
    epochs: 30,
    batchSize: 4,
    encoderLearningRate: 5e-5,
    headLearningRate: 1e-4,
    warmup: 0.06,
    config: DOCRED,
  },
  "docred-roberta": {
    encoder: "FacebookAI/roberta-large",
    epochs: 30,
    batchSize: 4,
    encoderLearningRate: 3e-5,
    headLearningRate: 1e-4,
    warmup: 0.06,
    config: DOCRED,
  },
  cdr: {
    encoder: SCIBERT,
    epochs: 30,
    batchSize: 4,
    encoderLearningRate: 2e-5,
    headLearningRate: 1e-4,
    warmup: 0.06,
    config: BIOMEDICAL,
  },
  gda: {
    encoder: SCIBERT,
    epochs: 10,
    batchSize: 16,
    encoderLearningRate: 2e-5,
    headLearningRate: 1e-4,
    warmup: 0.06,
    config: BIOMEDICAL,
  },
};
