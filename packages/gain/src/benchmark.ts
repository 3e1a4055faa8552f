import type { PaperAdapter, PaperExtractor, RunHooks, TuningTools } from "@relatum/benchmark";
import type { Document } from "@relatum/datasets";
import { loadDocredVectors, loadGloveVectors } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

import type { GainBackbone } from "./backbone.ts";
import { GainExtractor, loadGain } from "./extractor.ts";
import { describeGraphs } from "./graph-drawing.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { parseGainSettings } from "./settings.ts";
import { prepareExtraction, prepareTraining } from "./speed.ts";
import { trainGain } from "./train.ts";
import { drawWordVectors } from "./untrained-words.ts";

/** Scores below it are no candidates for the threshold: too many, and no good threshold is so low. */
const LEAST_SCORE = 0.01;

/** Scores below it are left out of curves: hardly one of them is right. */
const LEAST_CURVE_SCORE = 0.001;

/** The threshold where no score is a candidate: nothing is found, whatever it is. */
const NOTHING_FOUND = 0.5;

/** How the benchmark runner trains, tunes and loads GAIN. */
export const adapter: PaperAdapter = {
  name: "gain",
  title: "GAIN",
  task: "document",
  citation: "Zeng, Xu, Chang, Li: Double Graph Based Reasoning for Document-level Relation Extraction. EMNLP 2020.",
  directory: new URL("../benchmark/", import.meta.url),

  checkConfig: ({ config }, relations) => void parseGainSettings(config, relations),

  train: async (documents, { config, encoder, training }, hooks) => {
    const { extractor } = await trainGain(documents, {
      ...training,
      config: parseGainSettings(withEntityTypes(config, hooks), hooks.relations),
      backbone: await loadBackbone(encoder, documents, hooks),
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
    loadGain(directory, { memoryBudget: Math.min(DEFAULT_MEMORY_BUDGET, memoryBudget) }),

  tune: async (extractor, documents, tools) => {
    if (!(extractor instanceof GainExtractor)) throw new TypeError("extractor must be a GainExtractor.");
    return tuneThreshold(extractor, documents, tools);
  },

  scoreAll: async (extractor, documents) => {
    if (!(extractor instanceof GainExtractor)) throw new TypeError("extractor must be a GainExtractor.");
    return extractor.scoreAll(documents, { above: LEAST_CURVE_SCORE });
  },

  describeGraphs,

  explain: async (_, document, pair) => {
    const [, entityGraph] = describeGraphs(document, pair);
    return { title: "Paths through the entity graph", paths: entityGraph?.paths ?? [] };
  },

  prepareSpeed: async (documents, options) => {
    const config = parseGainSettings(options.config, options.relations);
    const backbone = await loadBackbone(options.encoder, documents, options);
    return (options.part === "step" ? prepareTraining : prepareExtraction)(documents, { ...options, config, backbone });
  },
};

/** The data's types of mentions, where the settings list none. */
function withEntityTypes(config: Readonly<Record<string, unknown>>, { entityTypes }: RunHooks): object {
  return entityTypes.length === 0 ? config : { entityTypes, ...config };
}

/** What an experiment calls an encoder of ours: a BiLSTM, on random vectors or on those of the file after the colon. */
const BILSTM = /^bilstm(?::(.+))?$/;

/** Width of random vectors: that of the paper's. */
const WORD_SIZE = 100;

async function loadBackbone(
  encoder: string,
  documents: readonly Document[],
  hooks: Pick<RunHooks, "loadBackbone" | "seed" | "dataDirectory">,
): Promise<GainBackbone> {
  const bilstm = BILSTM.exec(encoder);
  if (bilstm === null) return hooks.loadBackbone();
  const [, file] = bilstm;
  if (file === undefined) {
    return drawWordVectors(documents, { width: WORD_SIZE, random: createRandom(hooks.seed).fork("words") });
  }
  const path = `${hooks.dataDirectory ?? "."}/${file}`;
  return path.endsWith("word2id.json")
    ? loadDocredVectors(path, path.replace(/word2id\.json$/, "vec.npy"))
    : loadGloveVectors(path);
}

/** Chooses the one threshold, the paper's θ. */
async function tuneThreshold(
  extractor: GainExtractor,
  documents: readonly Document[],
  tools: TuningTools,
): Promise<PaperExtractor> {
  const scored = await extractor.scoreAll(documents, { above: LEAST_SCORE });
  return extractor.withThreshold(scored.length > 0 ? tools.bestThreshold(documents, scored) : NOTHING_FOUND);
}
