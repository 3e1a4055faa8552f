import type { PaperAdapter, PaperExtractor, TuningTools } from "@relatum/benchmark";
import type { Document } from "@relatum/datasets";

import { AtlopExtractor, loadAtlop } from "./extractor.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { parseAtlopSettings } from "./settings.ts";
import { prepareExtraction, prepareTraining } from "./speed.ts";
import { trainAtlop } from "./train.ts";

/** Scores below it are no candidates for a threshold: too many, and none of the thresholds tried is so low. */
const LEAST_SCORE = 0.01;

/** Probabilities below it are left out of curves. */
const LEAST_CURVE_SCORE = 0.001;

/** Margins below it are left out of curves: odds of one in a thousand against the threshold class. */
const LEAST_MARGIN = -7;

/** How the benchmark runner trains, tunes and loads ATLOP. */
export const adapter: PaperAdapter = {
  name: "atlop",
  title: "ATLOP",
  task: "document",
  citation:
    "Zhou, Huang, Ma, Huang: Document-Level Relation Extraction with Adaptive Thresholding and Localized Context Pooling. AAAI 2021.",
  directory: new URL("../benchmark/", import.meta.url),

  checkConfig: ({ config }, relations) => void parseAtlopSettings(config, relations),

  train: async (documents, { config, training }, hooks) => {
    const { extractor } = await trainAtlop(documents, {
      ...training,
      config: parseAtlopSettings(config, hooks.relations),
      backbone: await hooks.loadBackbone(),
      seed: hooks.seed,
      checkpoint: hooks.checkpoint,
      signal: hooks.signal,
      ...(hooks.memory !== undefined && { memory: hooks.memory }),
      log: (event) => hooks.log(event),
      evaluate: (candidate) => hooks.evaluate(candidate),
    });
    return extractor;
  },

  load: (directory, { memoryBudget = DEFAULT_MEMORY_BUDGET } = {}) =>
    loadAtlop(directory, { memoryBudget: Math.min(DEFAULT_MEMORY_BUDGET, memoryBudget) }),

  tune: async (extractor, documents, tools) => {
    if (!(extractor instanceof AtlopExtractor)) throw new TypeError("extractor must be an AtlopExtractor.");
    return tuneThresholds(extractor, documents, tools);
  },

  scoreAll: async (extractor, documents) => {
    if (!(extractor instanceof AtlopExtractor)) throw new TypeError("extractor must be an AtlopExtractor.");
    const isAdaptive = extractor.config.threshold === "adaptive";
    return extractor.scoreAll(documents, { above: isAdaptive ? LEAST_MARGIN : LEAST_CURVE_SCORE });
  },

  explain: async (extractor, document, [head, tail]) => {
    if (!(extractor instanceof AtlopExtractor)) throw new TypeError("extractor must be an AtlopExtractor.");
    return { title: "Context weights", words: await extractor.contextWeights(document, head, tail) };
  },

  prepareSpeed: async (documents, options) => {
    const config = parseAtlopSettings(options.config, options.relations);
    const prepare = options.part === "step" ? prepareTraining : prepareExtraction;
    return prepare(documents, { ...options, config, backbone: await options.loadBackbone() });
  },
};

/** Chooses what the variants without adaptive thresholds leave to the development documents. */
async function tuneThresholds(
  extractor: AtlopExtractor,
  documents: readonly Document[],
  tools: TuningTools,
): Promise<PaperExtractor> {
  const { threshold, relations } = extractor.config;
  if (threshold === "adaptive") return extractor;
  const scored = await extractor.scoreAll(documents, { above: LEAST_SCORE });
  // Nothing above the least score yet: any threshold finds nothing.
  if (scored.length === 0) return extractor.withThresholds(0.5);
  if (threshold === "global") return extractor.withThresholds(tools.bestGlobalThreshold(documents, scored));
  const chosen = tools.bestThresholdsPerRelation(documents, scored);
  return extractor.withThresholds(relations.map((relation) => chosen.get(relation) ?? 1));
}
