import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";
import type { EngineKind } from "@relatum/tensor-utils/native";

import type { ExperimentData } from "../data.ts";
import type { Job, JobSetting, PaperJob } from "./job.ts";
import type { Side } from "./measure.ts";
import { withDropout } from "./model-directory.ts";
import { PEERS } from "./python.ts";
import { runProgram } from "./run-program.ts";
import type { EncoderCase, PaperCase, SpeedCase } from "./speed-case.ts";
import type { ProcessCommand } from "./speed-process.ts";
import { threadVariables, workerCommand } from "./worker-command.ts";

/** What the sides of a case are made from. */
export interface CaseSetting {
  readonly engine: EngineKind;
  /** Directory of the encoder. */
  readonly model: string;
  readonly python: string;
  /** The module `onnxruntime-node`; PyTorch is the counterpart without it. */
  readonly onnxRuntime?: string | undefined;
  readonly threads: number;
  /** A folder of the case's own. */
  readonly workspace: string;
  /** Most documents that one repetition of extraction reads. */
  readonly documents: number;
  readonly loadData: (dataset: string) => Promise<ExperimentData>;
  readonly signal: AbortSignal;
}

/** Training steps of a paper in one repetition. */
const STEPS = 4;

/** Documents in each, where the case does not say. */
const BATCH_SIZE = 4;

const LEARNING_RATE = 1e-4;

/** Ids below it are special in the usual vocabularies; a smaller vocabulary has fewer such. */
const FIRST_WORD_ID = 1000;

/** Has no divisor in common with the number of words of any usual vocabulary: neighbours are far apart. */
const ID_STEP = 7919;

/** Writes the files of a case, and gives what its two sides run. */
export async function prepareSides(
  speedCase: SpeedCase,
  setting: CaseSetting,
): Promise<{ readonly ours: Side; readonly peer: Side }> {
  const { engine, model, threads, workspace } = setting;
  const base: JobSetting = { engine, encoder: model, threads, workspace };
  const ours = (job: Job): Side => ({ command: workerCommand("Relatum", threads), job, multiplies: true });
  const torch = (script: string, job: Job): Side => ({
    command: scriptCommand(script, setting),
    job,
    multiplies: job.kind !== "tokenize",
  });
  switch (speedCase.kind) {
    case "encoder-forward":
    case "encoder-step": {
      const tokenIds = await makeTokenIds(speedCase, model);
      const { dropout, kind } = speedCase;
      const encoder = await withDropout(model, dropout, join(workspace, "encoder"));
      const job: Job = { ...base, encoder, kind, tokenIds, dropout, learningRate: LEARNING_RATE };
      const peer =
        setting.onnxRuntime === undefined
          ? torch("encoder.py", job)
          : await prepareOnnxSide({ ...base, encoder }, tokenIds, setting.onnxRuntime, setting);
      return { ours: ours(job), peer };
    }
    case "paper": {
      const { against, paper } = speedCase;
      const job = await preparePaperJob(speedCase, base, setting);
      if (against === undefined) return { ours: ours(job), peer: torch(`${paper}.py`, job) };
      const other = { ...ours({ ...job, config: against }), command: workerCommand("The other model", threads) };
      return { ours: ours(job), peer: other };
    }
    case "tokenize": {
      const { train } = await setting.loadData(speedCase.dataset);
      await writeDocuments(workspace, train);
      const job: Job = { ...base, kind: "tokenize" };
      const [own, peer] = [ours(job), torch("tokenize_words.py", job)];
      return { ours: { ...own, multiplies: false }, peer };
    }
  }
}

/** Writes the documents that a worker is to read. */
export async function writeDocuments(workspace: string, documents: readonly Document[]): Promise<void> {
  await writeFile(join(workspace, "documents.json"), JSON.stringify(documents));
}

async function preparePaperJob(
  { paper, part, dataset, config, encoder, batchSize = BATCH_SIZE, against }: PaperCase,
  base: JobSetting,
  { loadData, documents, workspace }: CaseSetting,
): Promise<Job & PaperJob> {
  const data = await loadData(dataset);
  const chosen = part === "step" ? data.train : spread(data.test ?? data.development, documents);
  await writeDocuments(workspace, chosen);
  const { relations } = data;
  const compares = against === undefined ? "values" : "amount";
  const steps = { steps: STEPS, batchSize };
  return { ...base, kind: "paper", paper, part, config, relations, ownEncoder: encoder, ...steps, compares };
}

async function prepareOnnxSide(
  base: JobSetting,
  tokenIds: readonly (readonly number[])[],
  runtime: string,
  { python, signal }: CaseSetting,
): Promise<Side> {
  const model = join(base.workspace, "encoder.onnx");
  const sizes = [String(tokenIds.length), String(tokenIds[0]?.length)];
  await runProgram(python, [join(PEERS, "export_onnx.py"), base.encoder, ...sizes, model], {
    goal: "export the encoder as an ONNX file",
    advice: `Compare it with the versions in ${PEERS}.`,
    signal,
  });
  const job: Job = { ...base, kind: "onnx-forward", tokenIds, model, runtime };
  return { command: workerCommand("onnxruntime", base.threads), job, multiplies: false };
}

function scriptCommand(script: string, { python, threads }: CaseSetting): ProcessCommand {
  const environment = { ...threadVariables(threads), PYTHONDONTWRITEBYTECODE: "1", TOKENIZERS_PARALLELISM: "false" };
  return { name: "PyTorch", program: python, parameters: [join(PEERS, script)], environment };
}

/** Ids without repetitions nearby. */
async function makeTokenIds({ batch, tokens }: EncoderCase, model: string): Promise<number[][]> {
  const config = JSON.parse(await readFile(join(model, "config.json"), "utf8")) as { readonly vocab_size: number };
  const first = Math.min(FIRST_WORD_ID, config.vocab_size >> 1);
  const idAt = (place: number): number => first + ((place * ID_STEP) % (config.vocab_size - first));
  return Array.from({ length: batch }, (_, row) =>
    Array.from({ length: tokens }, (_each, column) => idAt(row * tokens + column)),
  );
}

/** So many of the items, evenly spread. */
function spread<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, items.length / count);
  return Array.from({ length: Math.min(count, items.length) }, (_, index) => items[Math.floor(index * step)] as T);
}
