import type { Document } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import type { CheckpointOptions, FitOptions, FitReport, TrainSettings } from "@relatum/tensor-utils/train";

import type { PureConfig } from "./config.ts";
import type { PureEntityModel } from "./entity-model.ts";
import { PureExtractor, type PurePart } from "./extractor.ts";
import type { PureLengthNotice } from "./relation-features.ts";
import type { LabelledSpan } from "./spans.ts";
import { trainPureEntities } from "./train-entities.ts";
import { trainPureJoint } from "./train-joint.ts";
import { trainPureRelations } from "./train-relations.ts";
import { trainPureShared } from "./train-shared.ts";
import { jackKnifeSpans, prunedTrainingSpans } from "./training-spans.ts";

/** The part of PURE that is being trained. */
export type PureStage = "entity" | "relation" | "fold" | "shared" | "joint";

/** What happened in training, and in which part. */
export type PureTrainEvent = Parameters<NonNullable<FitOptions<never>["log"]>>[0] & { readonly stage: PureStage };

/** How one of the two models is trained. */
export type PureTrainSettings = Pick<
  TrainSettings,
  "epochs" | "batchSize" | "encoderLearningRate" | "headLearningRate" | "warmup" | "accumulate" | "batching"
>;

/** What {@link trainPure} needs besides documents. */
export interface TrainPureOptions extends Pick<TrainSettings, "seed" | "signal" | "memory"> {
  readonly config: PureConfig;
  /** Loads the encoder that each model starts from; called once a model. */
  readonly loadBackbone: () => Promise<Backbone>;
  /** How the entity model is trained; with one encoder for both models, how both are. */
  readonly entity: PureTrainSettings;
  /** How the relation model is trained; with one encoder for both models, its `batchSize` alone counts. */
  readonly relation: PureTrainSettings;
  /** A trained entity model to use instead of training one; belongs to the extractor from then on. */
  readonly entityPart?: PurePart<PureEntityModel>;
  /** Scores what there is after an epoch, higher is better; the best epoch's model is kept. */
  readonly evaluate?: (extractor: PureExtractor, stage: PureStage) => Promise<number>;
  /** Each stage has a folder of its own in the directory. */
  readonly checkpoint?: CheckpointOptions;
  readonly log?: (event: PureTrainEvent) => void;
  /** Told of each training sentence that does not fit into the relation model's input. */
  readonly notify?: (notice: PureLengthNotice) => void;
}

/** What {@link trainPure} made. */
export interface TrainedPure {
  readonly extractor: PureExtractor;
  /** What happened; one encoder for both models has one report under both names. */
  readonly reports: { readonly entity?: FitReport; readonly relation: FitReport };
}

/**
 * Trains PURE: the entity model, then the relation model on gold spans or on those that the config names.
 *
 * @param documents Labelled, with types and relations of the config only.
 * @throws {RangeError} If a document is unlabelled or names an unknown type or relation, or a setting is impossible.
 */
export async function trainPure(documents: readonly Document[], options: TrainPureOptions): Promise<TrainedPure> {
  const { architecture } = options.config;
  if (architecture !== "separate") return trainTogether(documents, options, architecture);
  const entity = await trainEntityStage(documents, options);
  try {
    const spans = await chooseSpans(documents, options, entity?.part);
    const { extractor, report } = await withBackbone(options, (backbone) =>
      trainPureRelations(documents, {
        ...stageSettings("relation", options),
        backbone,
        config: options.config,
        ...(spans && { spans }),
        ...(entity && { entity: entity.part }),
        ...(options.notify && { notify: options.notify }),
      }),
    );
    return { extractor, reports: { ...(entity?.report && { entity: entity.report }), relation: report } };
  } catch (error) {
    entity?.part.model.dispose();
    throw error;
  }
}

async function trainTogether(
  documents: readonly Document[],
  options: TrainPureOptions,
  architecture: "shared" | "joint",
): Promise<TrainedPure> {
  const { config, relation, notify } = options;
  const settings = { ...stageSettings(architecture, options), config };
  const { extractor, report } = await withBackbone(options, (backbone) =>
    architecture === "joint"
      ? trainPureJoint(documents, { ...settings, backbone })
      : trainPureShared(documents, {
          ...settings,
          backbone,
          relationBatchSize: relation.batchSize,
          ...(notify && { notify }),
        }),
  );
  return { extractor, reports: { entity: report, relation: report } };
}

/** The entity model, trained now or before; none where documents come with their entities. */
async function trainEntityStage(
  documents: readonly Document[],
  options: TrainPureOptions,
): Promise<{ part: PurePart<PureEntityModel>; report?: FitReport } | undefined> {
  const { config, entityPart } = options;
  if (config.entitySource === "given") return undefined;
  if (entityPart !== undefined) {
    requireSameEntities(config, entityPart.model.config);
    return { part: entityPart };
  }
  const settings = stageSettings("entity", options);
  const { extractor, report } = await withBackbone(options, (backbone) =>
    trainPureEntities(documents, { ...settings, backbone, config }),
  );
  extractor.disposeGraphs();
  return { part: extractor.model.entity as PurePart<PureEntityModel>, report };
}

/** What a config says of the entity model's weights and input. */
const ENTITY_FIELDS = ["entityTypes", "maxSpanWords", "widthEmbeddingSize", "headSize", "entityContextWords"] as const;

function requireSameEntities(config: PureConfig, trained: PureConfig): void {
  for (const field of ENTITY_FIELDS) {
    const [expected, got] = [JSON.stringify(trained[field]), JSON.stringify(config[field])];
    if (expected !== got) throw new RangeError(`${field} must be the entity model's (${expected}), got ${got}.`);
  }
}

/** The spans that the relation model is trained on, where they are not the labels' own. */
async function chooseSpans(
  documents: readonly Document[],
  options: TrainPureOptions,
  entity: PurePart<PureEntityModel> | undefined,
): Promise<LabelledSpan[][][] | undefined> {
  const { config, loadBackbone } = options;
  if (config.relationSpans === "jack-knifed") {
    const { evaluate: _, ...settings } = stageSettings("fold", options);
    return jackKnifeSpans(documents, { ...settings, config, loadBackbone });
  }
  if (config.relationSpans === "gold" || entity === undefined) return undefined;
  const extractor = new PureExtractor({ config, entity });
  try {
    return await prunedTrainingSpans(documents, extractor, config);
  } finally {
    extractor.disposeGraphs();
  }
}

/** Lends a new encoder to training, and frees it if that fails. */
async function withBackbone<T>(
  { loadBackbone }: Pick<TrainPureOptions, "loadBackbone">,
  train: (backbone: Backbone) => Promise<T>,
): Promise<T> {
  const backbone = await loadBackbone();
  try {
    return await train(backbone);
  } catch (error) {
    backbone.encoder.dispose();
    throw error;
  }
}

type StageSettings = TrainSettings & { readonly evaluate?: (extractor: PureExtractor) => Promise<number> };

function stageSettings(stage: PureStage, options: TrainPureOptions): StageSettings {
  const { seed, signal, memory, checkpoint, log, evaluate } = options;
  return {
    ...options[stage === "relation" ? "relation" : "entity"],
    seed,
    ...(signal && { signal }),
    ...(memory !== undefined && { memory }),
    ...(checkpoint && { checkpoint: { ...checkpoint, directory: `${checkpoint.directory}/${stage}` } }),
    ...(log && { log: (event) => log({ ...event, stage }) }),
    ...(evaluate && { evaluate: (extractor) => evaluate(extractor, stage) }),
  };
}
