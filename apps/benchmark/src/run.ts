import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";

import { type Document, type Extraction, requireLabels } from "@relatum/datasets";
import { useGraphs } from "@relatum/tensor-utils/graph";

import type { PaperAdapter, PaperExtractor } from "./adapter.ts";
import { drawRunCurves, withAreas } from "./curves.ts";
import { type ExperimentData, loadExperimentData } from "./data.ts";
import { loadBackbone } from "./backbone.ts";
import type { Experiment } from "./experiment.ts";
import { extractionMemory, machineMemory, trainingMemory } from "./memory.ts";
import { describeModel } from "./model-card.ts";
import { formatPredictions } from "./predictions.ts";
import { openRunDirectory, readRunScores, type RunConfig, type RunFiles, runFiles } from "./run-directory.ts";
import { type LogEvent, RunLog } from "./run-log.ts";
import {
  extractAll,
  type RunScores,
  scoreExtraction,
  selectionScore,
  type SplitScores,
  TUNING_TOOLS,
} from "./scoring.ts";
import { InterruptedError } from "./stop.ts";
import type { Terminal } from "./terminal.ts";
import { followRun } from "./tensorboard/write-run.ts";
import { TrainingProgress, type TrainingSize } from "./training-progress.ts";
import { versions } from "./versions.ts";
import { FileWriteError, writeDirectory, writeJson, writeWhole } from "./write-file.ts";

/** Steps that a killed run loses at most, without {@link RunRequest.saveEvery}. */
const CHECKPOINT_STEPS = 100;

/** One training run: an experiment with a seed, and where it happens. */
export interface RunRequest {
  readonly adapter: PaperAdapter;
  readonly experiment: Experiment;
  readonly seed: number;
  /** What the experiment's file names are relative to. */
  readonly dataDirectory: string | undefined;
  readonly runDirectory: string;
  /** The engine's name, for the record. */
  readonly engine: string;
  /** The command of the user, for the record. */
  readonly command: string;
  /** What the code is at, where a run of another revision is to be started anew. */
  readonly revision?: string;
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  /** Bytes that the process may take; a share of the machine's without it. */
  readonly memory?: number | undefined;
  /** Where TensorBoard finds the run's curves; none are written without it. */
  readonly tensorboard?: string | undefined;
  /** Steps from one checkpoint to the next; there is one at the end of each epoch besides. */
  readonly saveEvery?: number | undefined;
}

/** Everything that the parts of a run share. */
interface RunState extends RunRequest {
  readonly data: ExperimentData;
  readonly files: RunFiles;
  readonly log: RunLog;
  readonly config: RunConfig;
}

/**
 * Trains and scores one experiment with one seed; goes on where an earlier run in the directory stopped.
 *
 * @returns The scores; those there are if the run was done before.
 * @throws {InterruptedError} If the signal fired; the directory can be gone on with.
 * @throws {RunDirectoryError} If the directory holds a run of something else.
 */
export async function runExperiment(request: RunRequest): Promise<RunScores> {
  const { adapter, experiment, seed, runDirectory, terminal } = request;
  const data = await loadExperimentData(experiment, request.dataDirectory, adapter.task);
  terminal.notice(`${adapter.title} ${experiment.variant}, ${data.name}, seed ${seed}: ${runDirectory}`);
  requireLabels([...data.train, ...data.development]);
  adapter.checkConfig?.(experiment, data.relations, data.entityTypes);

  const config: RunConfig = {
    experiment,
    seed,
    dataset: data.name,
    data: data.fingerprint,
    relations: data.relations,
    ...(adapter.task === "sentence" && { entityTypes: data.entityTypes }),
    engine: request.engine,
    versions: await versions(adapter),
    command: request.command,
    ...(request.revision !== undefined && { revision: request.revision }),
  };
  const state = await openRunDirectory(runDirectory, config);
  if (state === "done") {
    terminal.notice("Done before; its scores are taken.");
    return readRunScores(runDirectory);
  }
  const files = runFiles(runDirectory);
  const { tensorboard } = request;
  const log = new RunLog(files.log, tensorboard === undefined ? undefined : followRun(tensorboard, config, Date.now));
  log.write({ kind: state === "new" ? "start" : "restart", ...config });
  const before = useGraphs({ products: experiment.training.precision ?? "float32" });
  try {
    return await finishRun({ ...request, data, files, log, config });
  } catch (error) {
    noteEnd(log, { kind: request.signal.aborted ? "stop" : "error", message: String(error) });
    if (request.signal.aborted) throw new InterruptedError(true, { cause: error });
    throw error;
  } finally {
    useGraphs(before);
    terminal.clear();
  }
}

/** Writes down how a run ended, where that can be: a full disk takes no line either, and the error tells of it. */
function noteEnd(log: RunLog, event: LogEvent): void {
  try {
    log.write(event);
  } catch (error) {
    if (!(error instanceof FileWriteError)) throw error;
  }
}

async function finishRun(state: RunState): Promise<RunScores> {
  const { config, data, files, log } = state;
  if (data.trainFacts !== undefined) {
    const facts = [...data.trainFacts].map((fact) => JSON.parse(fact) as unknown);
    await writeJson(files.trainFacts, facts);
  }
  const trained = await loadOrTrain(state);
  try {
    const found: RunScores = {
      development: await scoreDevelopment(state, trained),
      ...(await scoreTest(state, trained)),
    };
    const scores = await addCurves(state, trained, found);
    await describeModel(files.model, config, scores);
    // The model is kept; checkpoints hold it three times over, with its optimizer. The scores, which say that all is
    // done, come after them, so that none stay behind if this is where the run is killed.
    await rm(files.checkpoints, { recursive: true, force: true });
    await writeJson(files.scores, scores);
    log.write({ kind: "done", scores });
    return scores;
  } finally {
    trained.dispose();
  }
}

/** The trained model: from the run's directory where a stopped run came as far as that. */
async function loadOrTrain(state: RunState): Promise<PaperExtractor> {
  const { adapter, data, files, memory = machineMemory() } = state;
  if (existsSync(files.model)) {
    return adapter.load(files.model, { memoryBudget: await extractionMemory(memory, files.model) });
  }
  const extractor = await train(state);
  const tuned = (await adapter.tune?.(extractor, data.development, TUNING_TOOLS)) ?? extractor;
  await writeDirectory(files.model, (beside) => tuned.save(beside));
  return tuned;
}

async function train(state: RunState): Promise<PaperExtractor> {
  const {
    adapter,
    data,
    experiment,
    files,
    log,
    saveEvery = CHECKPOINT_STEPS,
    seed,
    signal,
    terminal,
    memory = machineMemory(),
  } = state;
  const progress = new TrainingProgress((stage) => trainingSize(state, stage), Date.now);
  terminal.notice(`${data.train.length} training documents, ${data.relations.length} relations.`);
  return adapter.train(data.train, experiment, {
    seed,
    relations: data.relations,
    entityTypes: data.entityTypes,
    checkpoint: { directory: files.checkpoints, resume: true, everySteps: saveEvery },
    signal,
    memory: trainingMemory(memory),
    loadBackbone: () => loadBackbone(experiment, { signal, terminal }),
    log: (event) => {
      log.write(event);
      const line = progress.describe(event);
      if (event.kind === "step") terminal.status(line);
      else terminal.notice(line);
    },
    notice: (line) => {
      log.write({ kind: "notice", message: line });
      terminal.notice(line);
    },
    evaluate: async (extractor, by) => {
      const tuned = (await adapter.tune?.(extractor, data.development, TUNING_TOOLS)) ?? extractor;
      return selectionScore(await scoreDevelopment(state, tuned), experiment.selection, by);
    },
  });
}

/** What the steps of a stage go through: documents, or sentences where the paper's models read one at a time. */
function trainingSize({ adapter, data, experiment }: RunState, stage: string | undefined): TrainingSize {
  const { stages = {}, ...training } = experiment.training;
  const { batchSize, accumulate = 1, epochs } = { ...training, ...(stage === undefined ? {} : stages[stage]) };
  const sentences = data.train.reduce((sum, document) => sum + document.sentences.length, 0);
  const [unit, documents] =
    adapter.task === "sentence" ? (["sentences", sentences] as const) : (["documents", data.train.length] as const);
  return { epochs, documents, documentsPerStep: batchSize * accumulate, unit };
}

async function scoreDevelopment(state: RunState, extractor: PaperExtractor): Promise<SplitScores> {
  const { development } = state.data;
  const found = await predictSplit(state, extractor, "development", development);
  return scoreSplit(state, "development", development, found);
}

/** Draws and writes the curves where the model scores all pairs, and adds their areas to the scores. */
async function addCurves(
  { adapter, data, files, signal, terminal }: RunState,
  extractor: PaperExtractor,
  scores: RunScores,
): Promise<RunScores> {
  if (adapter.scoreAll === undefined) return scores;
  const curves = await drawRunCurves(adapter.scoreAll, extractor, { ...data, scores, signal, terminal });
  await writeJson(files.curves, curves);
  return withAreas(scores, curves);
}

/** Predicts the test documents, and scores them where they are labelled. */
async function scoreTest(state: RunState, extractor: PaperExtractor): Promise<Pick<RunScores, "test">> {
  const { test } = state.data;
  if (test === undefined) return {};
  const found = await predictSplit(state, extractor, "test", test);
  return test.every(({ labelled }) => labelled) ? { test: scoreSplit(state, "test", test, found) } : {};
}

async function predictSplit(
  { adapter, files, signal, terminal }: RunState,
  extractor: PaperExtractor,
  split: string,
  documents: readonly Document[],
): Promise<Extraction> {
  const found = await extractAll(extractor, documents, adapter.task, {
    signal,
    onProgress: (done) => terminal.status(`Reading ${split} documents: ${done}/${documents.length}`),
  });
  terminal.clear();
  await writeWhole(files.predictions(split), formatPredictions(documents, found));
  return found;
}

function scoreSplit(
  { data, experiment, log }: RunState,
  split: string,
  documents: readonly Document[],
  found: Extraction,
): SplitScores {
  const { symmetricRelations } = experiment.data;
  const scores = scoreExtraction(documents, found, { trainFacts: data.trainFacts, symmetricRelations });
  log.write({ kind: "scores", split, ...scores });
  return scores;
}
