export type { GainBackbone } from "./backbone.ts";
export {
  collateGain,
  type CollateGainOptions,
  type GainBatch,
  type GainGraph,
  type GainPairs,
  type GainTokens,
} from "./batch.ts";
export { defineGainConfig, GAIN_VARIANTS, type GainConfig, type GainVariant } from "./config.ts";
export { GainExtractor, type GainExtractorOptions, loadGain, type ScoreAllOptions } from "./extractor.ts";
export { featurizeGain, featurizeGainDocuments, type GainFeatures } from "./features.ts";
export { describeGraphs, type DrawnGraph } from "./graph-drawing.ts";
export {
  buildEntityGraph,
  buildMentionGraph,
  type EntityGraph,
  type GraphEdge,
  type MentionEdge,
  type MentionGraph,
} from "./graphs.ts";
export type { MentionLayout, MentionNode } from "./mentions.ts";
export { type GainEncoding, GainModel, type TokenEncoding } from "./model.ts";
export { averagePaths, edgeVectors, type JoinedPaths, sumPaths } from "./paths.ts";
export { GAIN_RECIPES, type GainRecipe } from "./recipes.ts";
export { trainGain, type TrainGainOptions } from "./train.ts";
export { drawWordVectors, type DrawWordVectorsOptions } from "./untrained-words.ts";
