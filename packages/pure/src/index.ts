export {
  definePureConfig,
  PURE_VARIANTS,
  type PureConfig,
  type PureRelationInput,
  type PureVariant,
} from "./config.ts";
export { extendSentence, type SentenceInContext } from "./context.ts";
export {
  collatePureEntities,
  type CollatePureEntitiesOptions,
  type PureEntityBatch,
  type PureSpans,
} from "./entity-batch.ts";
export { featurizePureEntities, featurizePureEntityDocuments, type PureEntityFeatures } from "./entity-features.ts";
export { PureEntityModel } from "./entity-model.ts";
export { loadPure, PureExtractor, type PureExtractorOptions, type PureModel, type PurePart } from "./extractor.ts";
export { collatePureJoint, type PureJointBatch, type PureJointRelations, type PureSpanPruning } from "./joint-batch.ts";
export {
  featurizePureJoint,
  featurizePureJointDocuments,
  type PureJointFeatures,
  type SpanPlaceRelation,
} from "./joint-features.ts";
export { PureJointModel } from "./joint-model.ts";
export { createMarkers, createReleasedMarkers, type PairMarkers, type PairTypes, type PureMarkers } from "./markers.ts";
export { PURE_RECIPES, type PureRecipe } from "./recipes.ts";
export {
  collatePureRelations,
  type CollatePureRelationsOptions,
  type PureRelationBatch,
  type PureRelationInputTokens,
  type PureRelationPairs,
  type PureRelationSide,
} from "./relation-batch.ts";
export {
  featurizePureRelationDocuments,
  featurizePureRelations,
  type PureLengthNotice,
  type PureRelationFeatureList,
  type PureRelationFeatureOptions,
  type PureRelationFeatures,
  type PureRelationPair,
} from "./relation-features.ts";
export { approximationMask, PureRelationModel } from "./relation-model.ts";
export type { LabelledPair, SpanPair, SpanRules } from "./relation-pairs.ts";
export { type PureSharedBatch, PureSharedModel } from "./shared-model.ts";
export { enumerateSpans, type LabelledSpan, labelledSpans, type WordSpan } from "./spans.ts";
export {
  type PureStage,
  type PureTrainEvent,
  type PureTrainSettings,
  type TrainedPure,
  trainPure,
  type TrainPureOptions,
} from "./train.ts";
export { trainPureEntities, type TrainPureEntitiesOptions } from "./train-entities.ts";
export { trainPureJoint, type TrainPureJointOptions } from "./train-joint.ts";
export { trainPureRelations, type TrainPureRelationsOptions } from "./train-relations.ts";
export { trainPureShared, type TrainPureSharedOptions } from "./train-shared.ts";
export { pruneSpans, type ScoredSpan } from "./pruning.ts";
