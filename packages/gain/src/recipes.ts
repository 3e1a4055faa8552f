import type { TrainSettings } from "@relatum/tensor-utils/train";

import type { GainConfig } from "./config.ts";

/** How the paper trains on DocRED with one encoder. */
export interface GainRecipe extends Pick<
  TrainSettings,
  "epochs" | "batchSize" | "batching" | "encoderLearningRate" | "headLearningRate" | "warmup"
> {
  /** What `resolveEncoder` takes, or after `bilstm:` a file of word vectors. */
  readonly encoder: string;
  readonly config: Partial<GainConfig>;
}

/** No warm-up, a constant rate; documents share a batch by chance, as with the authors. */
const COMMON = { epochs: 300, headLearningRate: 1e-3, warmup: 0, batching: "shuffled" } as const;
const BERT = { ...COMMON, batchSize: 5, encoderLearningRate: 1e-5 } as const;

const CONFIG = {
  graphLayers: 2,
  dropout: 0.6,
  typeSize: 20,
  entityIdSize: 20,
  activation: "relu",
  negativesPerPositive: 4,
} as const;

/** The settings of the paper's section 4.2 and Tables 6 to 8; epochs are those of the authors' scripts. */
export const GAIN_RECIPES: Readonly<Record<"docred-glove" | "docred-bert-base" | "docred-bert-large", GainRecipe>> = {
  "docred-glove": {
    encoder: "bilstm:glove.6B.100d.txt",
    ...COMMON,
    batchSize: 32,
    encoderLearningRate: 1e-3,
    config: { ...CONFIG, lstmSize: 256, maxTokens: 512 },
  },
  "docred-bert-base": { encoder: "google-bert/bert-base-uncased", ...BERT, config: CONFIG },
  "docred-bert-large": { encoder: "google-bert/bert-large-uncased", ...BERT, config: CONFIG },
};
