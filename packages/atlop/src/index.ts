export {
  type AtlopBatch,
  type AtlopMentions,
  type AtlopPairs,
  collateAtlop,
  type CollateAtlopOptions,
} from "./batch.ts";
export { ATLOP_VARIANTS, type AtlopConfig, type AtlopVariant, defineAtlopConfig } from "./config.ts";
export { AtlopExtractor, type AtlopExtractorOptions, loadAtlop, type ScoreAllOptions } from "./extractor.ts";
export { type AtlopFeatures, featurizeAtlop, featurizeAtlopDocuments } from "./features.ts";
export { adaptiveThresholdLoss, decodeAdaptiveThreshold, THRESHOLD_LABEL } from "./loss.ts";
export { type AtlopEncoding, AtlopModel, contextWeights, entityAttention, localizedContext } from "./model.ts";
export { ATLOP_RECIPES, type AtlopRecipe } from "./recipes.ts";
export { trainAtlop, type TrainAtlopOptions } from "./train.ts";
