import type { Experiment, PaperAdapter, RunHooks } from "@relatum/benchmark";
import { type Document, entityTypes } from "@relatum/datasets";
import { createRandom } from "@relatum/tensor-utils";
import { z } from "zod";

import type { PureConfig } from "./config.ts";
import type { PureEntityModel } from "./entity-model.ts";
import { loadPure, type PurePart } from "./extractor.ts";
import { LengthNotices } from "./length-notices.ts";
import { DEFAULT_MEMORY_BUDGET } from "./memory.ts";
import { parsePureSettings, type PureLabels } from "./settings.ts";
import { prepareExtraction, prepareTraining } from "./speed.ts";
import { type PureTrainSettings, trainPure } from "./train.ts";

/** How the benchmark runner trains and loads PURE. */
export const adapter: PaperAdapter = {
  name: "pure",
  title: "PURE",
  task: "sentence",
  citation: "Zhong, Chen: A Frustratingly Easy Approach for Entity and Relation Extraction. NAACL 2021.",
  directory: new URL("../benchmark/", import.meta.url),

  checkConfig: (experiment, relations, entityTypes = []) => void readConfig(experiment, { relations, entityTypes }),

  train: async (documents, experiment, hooks) => {
    const { config, entityModel, trainingShare } = readConfig(experiment, hooks);
    const entityPart = entityModel && (await loadEntityModel(entityModel, hooks));
    const notices = new LengthNotices();
    const { extractor } = await trainPure(takeShare(documents, trainingShare, hooks), {
      config,
      ...stageSettings(experiment, config),
      ...(entityPart && { entityPart }),
      loadBackbone: () => hooks.loadBackbone(),
      seed: hooks.seed,
      checkpoint: hooks.checkpoint,
      signal: hooks.signal,
      ...(hooks.memory !== undefined && { memory: hooks.memory }),
      log: (event) => hooks.log(event),
      evaluate: (candidate, stage) => hooks.evaluate(candidate, stage === "entity" ? "entities" : "relations"),
      notify: (notice) => notices.add(notice),
    });
    for (const line of notices.lines()) hooks.notice?.(line);
    return extractor;
  },

  load: (directory, { memoryBudget = DEFAULT_MEMORY_BUDGET } = {}) =>
    loadPure(directory, { memoryBudget: Math.min(DEFAULT_MEMORY_BUDGET, memoryBudget) }),

  prepareSpeed: async (documents, options) => {
    const labels = { relations: options.relations, entityTypes: entityTypes(documents) };
    const config = parsePureSettings(options.config, labels);
    const prepare = options.part === "step" ? prepareTraining : prepareExtraction;
    return prepare(documents, { ...options, config, backbone: await options.loadBackbone() });
  },
};

/** A model's config, and what an experiment may say besides. */
interface ReadConfig {
  readonly config: PureConfig;
  /** Directory of a trained model whose entity model is taken instead of training one; may hold `{seed}`. */
  readonly entityModel?: string | undefined;
  /** Share of the training documents to learn from, chosen by the seed, 0–1. */
  readonly trainingShare: number;
}

const ownSettings = z.looseObject({
  entityModel: z.string().min(1).optional(),
  trainingShare: z.number().gt(0).max(1).default(1),
});

/** @throws {RangeError} If a setting is impossible. */
function readConfig({ config }: Pick<Experiment, "config">, { relations, entityTypes }: PureLabels): ReadConfig {
  const checked = ownSettings.safeParse(config);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new RangeError(problems.join("\n"));
  }
  const { entityModel, trainingShare, ...settings } = checked.data;
  const parsed = parsePureSettings(settings, { relations, entityTypes });
  if (entityModel !== undefined && (parsed.architecture !== "separate" || parsed.entitySource === "given")) {
    throw new RangeError("entityModel must be left out unless two encoders find entities and relations.");
  }
  return { config: parsed, entityModel, trainingShare };
}

function takeShare(
  documents: readonly Document[],
  share: number,
  { seed }: Pick<RunHooks, "seed">,
): readonly Document[] {
  if (share === 1) return documents;
  const shuffled = createRandom(seed).fork("training share").shuffle(documents);
  return shuffled.slice(0, Math.ceil(documents.length * share));
}

/**
 * Takes the entity model out of a trained one.
 *
 * @throws {RangeError} If it has none.
 */
async function loadEntityModel(
  directory: string,
  { seed }: Pick<RunHooks, "seed">,
): Promise<PurePart<PureEntityModel>> {
  const place = directory.replaceAll("{seed}", String(seed));
  const extractor = await loadPure(place);
  extractor.disposeGraphs();
  const { entity, relation } = extractor.model;
  if (entity === undefined || entity.backbone === relation?.backbone) {
    extractor.dispose();
    throw new RangeError(`entityModel must hold an entity model with an encoder of its own, got "${place}".`);
  }
  relation?.model.dispose();
  return entity;
}

/** The settings of both models, which the experiment's stages change. */
function stageSettings(
  { training }: Pick<Experiment, "training">,
  { architecture }: PureConfig,
): { readonly entity: PureTrainSettings; readonly relation: PureTrainSettings } {
  const { stages = {}, ...settings } = training;
  const settingsOf = (stage: string): PureTrainSettings => ({ ...settings, ...stages[stage] });
  return {
    entity: settingsOf(architecture === "separate" ? "entity" : architecture),
    relation: settingsOf("relation"),
  };
}
