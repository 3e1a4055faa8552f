import type { TrainSettings } from "@relatum/tensor-utils/train";

import type { GainConfig } from "./config.ts";

/** How the paper trains on DocRED with one encoder. */
export interface GainRecipe extends Pick<
  TrainSettings,
  "epochs" | "batchSize" | "encoderLearningRate" | "headLearningRate" | "warmup"
> {
  /** What `resolveEncoder` takes. */
  readonly encoder: string;
  readonly config: Partial<GainConfig>;
}

/** Common to all: two layers of GCN, dropout 0.6, no warm-up, a constant rate. */
const BERT = { epochs: 300, batchSize: 5, encoderLearningRate: 1e-5, headLearningRate: 1e-3, warmup: 0 } as const;

const CONFIG = { graphLayers: 2, dropout: 0.6, typeSize: 20, entityIdSize: 20, activation: "relu" } as const;

/** The settings of the paper's section 4.2 and Tables 7 and 8; epochs are those of the authors' scripts. */
export const GAIN_RECIPES: Readonly<Record<"docred-bert-base" | "docred-bert-large", GainRecipe>> = {
  "docred-bert-base": { encoder: "google-bert/bert-base-uncased", ...BERT, config: CONFIG },
  "docred-bert-large": { encoder: "google-bert/bert-large-uncased", ...BERT, config: CONFIG },
};
