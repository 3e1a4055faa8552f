import type { PureConfig } from "./config.ts";
import type { PureTrainSettings } from "./train.ts";

/** How the paper trains on one data set with one encoder. */
export interface PureRecipe {
  /** What `resolveEncoder` takes. */
  readonly encoder: string;
  readonly config: Pick<PureConfig, "entityContextWords" | "relationContextWords" | "maxTokens" | "outputDropout">;
  readonly entity: PureTrainSettings;
  readonly relation: PureTrainSettings;
}

/** The settings of Appendix B. */
const ENTITY = {
  epochs: 100,
  batchSize: 16,
  encoderLearningRate: 1e-5,
  headLearningRate: 5e-4,
  warmup: 0.1,
  batching: "shuffled",
} as const;
const RELATION = { epochs: 10, batchSize: 32, encoderLearningRate: 2e-5, headLearningRate: 2e-5, warmup: 0.1 } as const;

/** Cross-sentence context, with the longest input of the authors' scripts. */
const CROSS_SENTENCE = {
  entityContextWords: 300,
  relationContextWords: 100,
  maxTokens: 256,
  outputDropout: 0.1,
} as const;

/** The paper's final models, with cross-sentence context; ACE04 and ACE05 are trained alike. */
export const PURE_RECIPES: Readonly<Record<"scierc" | "ace-bert" | "ace-albert", PureRecipe>> = {
  scierc: {
    encoder: "allenai/scibert_scivocab_uncased",
    config: CROSS_SENTENCE,
    entity: ENTITY,
    relation: RELATION,
  },
  "ace-bert": {
    encoder: "google-bert/bert-base-uncased",
    config: CROSS_SENTENCE,
    entity: ENTITY,
    relation: RELATION,
  },
  "ace-albert": {
    encoder: "albert/albert-xxlarge-v1",
    config: { ...CROSS_SENTENCE, entityContextWords: 100, outputDropout: 0 },
    entity: ENTITY,
    relation: RELATION,
  },
};
