import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";

import type { CommandContext } from "../command-context.ts";
import { type ExperimentData, loadExperimentData } from "../data.ts";
import { dataCache } from "../data-cache.ts";
import { type CaseSetting, prepareSides } from "../speed/case-sides.ts";
import { type EncoderSizes, forwardGigaflops } from "../speed/encoder-flops.ts";
import { GROWTH_TABLES, type GrowthRow, measureGrowth } from "../speed/growth.ts";
import { measure } from "../speed/measure.ts";
import { findModel } from "../speed/model-directory.ts";
import { findOnnxRuntime } from "../speed/onnx-runtime.ts";
import { findPython } from "../speed/python.ts";
import { SpeedError } from "../speed/speed-error.ts";
import { type Peer, pickCases, type SpeedCase } from "../speed/speed-case.ts";
import { formatCases, formatGrowth, isSlowThroughout, type MeasuredCase, toEntry } from "../speed/speed-report.ts";
import { checkStop } from "../stop.ts";
import { writeJson } from "../write-file.ts";

/** Options of the command `speed`. */
export interface SpeedCommandOptions {
  readonly against: Peer;
  readonly case?: readonly string[];
  readonly pairs: number;
  /** Documents that extraction reads in one repetition. */
  readonly documents: number;
  readonly threads?: number;
  readonly encoder: string;
  readonly data?: string;
  readonly python?: string;
  readonly json?: string;
  readonly growth?: boolean;
}

const SLOW_MODE =
  "PyTorch was in its slow mode throughout, which makes the ratio worthless. Measure again while nothing else runs.";

/** Measures our time and memory against a counterpart's, or how they grow; prints tables and writes JSON. */
export async function speedCommand(options: SpeedCommandOptions, context: CommandContext): Promise<void> {
  const workspace = await mkdtemp(join(tmpdir(), "relatum-speed-"));
  try {
    await (options.growth === true ? showGrowth : compare)(options, context, workspace);
  } catch (error) {
    checkStop(context.signal);
    throw error;
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

async function compare(options: SpeedCommandOptions, context: CommandContext, workspace: string): Promise<void> {
  const { against, pairs, json } = options;
  const { terminal } = context;
  const cases = await leaveOutImpossible(pickCases(against, options.case), options, context);
  const setting = await prepareSetting(options, context, workspace);
  terminal.notice(describeMachine(setting.threads));

  const measured: MeasuredCase[] = [];
  const failed: string[] = [];
  for (const speedCase of cases) {
    const { name } = speedCase;
    const status = (text: string): void => terminal.status(`${name}: ${text}`);
    try {
      const sides = await prepareSides(speedCase, { ...setting, workspace: await makeFolder(workspace, name) });
      const { signal } = context;
      const measurement = await measure(sides, { pairs, signal, status });
      const peer = "against" in speedCase ? "relatum" : against;
      const result = { name, peer, measurement, gigaflops: await countWork(speedCase, setting.model) } as const;
      measured.push(result);
      if (isSlowThroughout(result)) terminal.notice(`${name}: ${SLOW_MODE}`);
    } catch (error) {
      checkStop(context.signal);
      if (!(error instanceof SpeedError)) throw error;
      failed.push(name);
      terminal.notice(`${name}: ${error.message}`);
    }
    if (json !== undefined) await writeJson(json, measured.map(toEntry));
  }
  if (measured.length > 0) terminal.out(formatCases(measured));
  if (failed.length > 0) throw new SpeedError(`Every case must be measured, but these were not: ${failed.join(", ")}.`);
}

async function prepareSetting(
  options: SpeedCommandOptions,
  context: CommandContext,
  workspace: string,
): Promise<Omit<CaseSetting, "workspace">> {
  const { against, documents, data, threads = availableParallelism() } = options;
  const { signal, terminal } = context;
  const cache = join(dirname(dataCache(process.env)), "speed");
  const status = (text: string): void => terminal.status(text);
  const python = await findPython({ python: options.python, peer: against, cache, signal, status });
  const onnxRuntime = against === "onnx" ? await findOnnxRuntime(cache, signal) : undefined;
  const { engine } = await context.startEngine();
  const model = await findModel(options.encoder, join(workspace, "random"), context);
  const loadData = (dataset: string): Promise<ExperimentData> => loadExperimentData({ data: { dataset } }, data);
  return { engine, model, python, onnxRuntime, threads, documents, loadData, signal };
}

/** The cases whose data and paper are there; says why the others are left out. */
async function leaveOutImpossible(
  cases: readonly SpeedCase[],
  { data }: SpeedCommandOptions,
  { findAdapters, terminal }: CommandContext,
): Promise<SpeedCase[]> {
  const possible: SpeedCase[] = [];
  for (const speedCase of cases) {
    const reason = await whyImpossible(speedCase, data, findAdapters);
    if (reason === undefined) possible.push(speedCase);
    else terminal.notice(`${speedCase.name} is left out: ${reason}`);
  }
  if (possible.length === 0) throw new SpeedError("There must be a case that can be measured, got none.");
  return possible;
}

async function whyImpossible(
  speedCase: SpeedCase,
  data: string | undefined,
  findAdapters: CommandContext["findAdapters"],
): Promise<string | undefined> {
  if ("dataset" in speedCase && data === undefined) {
    return `it reads the data set ${speedCase.dataset}. Name the folder that holds it with --data.`;
  }
  if (speedCase.kind !== "paper") return undefined;
  const adapters = await findAdapters(speedCase.paper);
  const adapter = adapters.find(({ name }) => name === speedCase.paper);
  return adapter?.prepareSpeed === undefined ? `the package of ${speedCase.paper} is not installed.` : undefined;
}

/** What the matrix products of one repetition take; unknown for all but encoders. */
async function countWork(speedCase: SpeedCase, model: string): Promise<number | undefined> {
  if (speedCase.kind !== "encoder-forward" && speedCase.kind !== "encoder-step") return undefined;
  const sizes = JSON.parse(await readFile(join(model, "config.json"), "utf8")) as EncoderSizes;
  const forward = forwardGigaflops(sizes, speedCase.batch, speedCase.tokens);
  return speedCase.kind === "encoder-step" ? 3 * forward : forward;
}

function describeMachine(threads: number): string {
  const load = loadavg()[0] ?? 0;
  const warning = load > 0.5 ? `; other work runs on it (load ${load.toFixed(1)}), which distorts the ratios` : "";
  return `${cpus()[0]?.model ?? "An unknown processor"}, ${threads} threads on each side${warning}`;
}

async function makeFolder(workspace: string, name: string): Promise<string> {
  const folder = join(workspace, name);
  await mkdir(folder);
  return folder;
}

async function showGrowth(options: SpeedCommandOptions, context: CommandContext, workspace: string): Promise<void> {
  const { json, pairs: repetitions, threads = availableParallelism() } = options;
  const { signal, terminal } = context;
  const { engine } = await context.startEngine();
  const model = await findModel(options.encoder, join(workspace, "random"), context);
  const status = (text: string): void => terminal.status(text);
  const setting = { engine, model, threads, repetitions, workspace, signal, status };
  const all: GrowthRow[] = [];
  const papers = (await context.findAdapters()).map(({ name }) => name);
  for (const table of GROWTH_TABLES) {
    if (!papers.includes(table.paper)) {
      terminal.notice(`"${table.name}" is left out: the package of ${table.paper} is not installed.`);
      continue;
    }
    const rows = await measureGrowth(table, setting);
    all.push(...rows);
    terminal.out(`${formatGrowth(rows)}\n`);
    if (json !== undefined) await writeJson(json, all);
  }
}
