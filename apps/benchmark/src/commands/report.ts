import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { countVerdicts } from "../claims/claims-table.ts";
import { readLedgers, writeLedgers } from "../claims/ledger.ts";
import type { CommandContext } from "../command-context.ts";
import { GoldLoader } from "../gold.ts";
import { latestRuns } from "../latest-runs.ts";
import { drawMissingCurves } from "../missing-curves.ts";
import { collectRows, mergeRows, readResults } from "../results.ts";
import { formatRows, writeResults } from "../results-page.ts";
import { readRunConfig, RunDirectoryError, runFiles } from "../run-directory.ts";
import { readRunLog } from "../run-log.ts";
import { keepSpeed, mergeSpeed, readKeptSpeed, readSpeed, type SpeedResults } from "../speed/speed-results.ts";
import { writeRunEvents } from "../tensorboard/write-run.ts";

/** Options of the command `report`. */
export interface ReportCommandOptions {
  readonly runs: string;
  readonly out?: string;
  /** Suites whose runs count; all without it. */
  readonly suite?: readonly string[];
  /** Leaves out rows that are in the results already but not among the runs. */
  readonly fresh?: boolean;
  /** Where the page goes; none is written without it. */
  readonly html?: string;
  /** What the experiments' file names are relative to, for the page. */
  readonly data?: string;
  /** Documents of each experiment in the page's reader; without it, some of the sample world and none of any other data. */
  readonly documents?: number;
  /** Files that `speed --json` wrote, for claims and the page; kept beside the results. */
  readonly speed?: readonly string[];
  /** Brings the claims in the papers' `PAPER.md` up to date. */
  readonly claims?: boolean;
  /** Draws the precision–recall curves of runs that have none, with their models. */
  readonly curves?: boolean;
  /** Where the runs' curves go for TensorBoard. */
  readonly tensorboard?: string;
}

/** Gathers the scores of finished runs into `results.json` and `results.md`, and prints them; writes a page on request. */
export async function reportCommand(options: ReportCommandOptions, context: CommandContext): Promise<void> {
  const { runs, out, suite, fresh = false, html, data, documents, tensorboard } = options;
  const { findAdapters, terminal } = context;
  const directory = out ?? fileURLToPath(new URL("../../results/", import.meta.url));
  const { runs: finished, earlier } = await latestRuns(await ofSuites(await findFinishedRuns(runs), suite));
  if (finished.length === 0) throw new RunDirectoryError(`${runs} must hold finished runs, got none.`);
  for (const one of earlier) terminal.notice(`${one} is left out: of its experiment and seed there is a later run.`);
  const adapters = await findAdapters();
  const gold = new GoldLoader(data);
  if (options.curves === true) await drawMissingCurves(finished, { ...context, adapters, gold });
  const added = await collectRows(finished, adapters, gold);
  const rows = mergeRows(fresh ? [] : await readResults(directory), added);
  const speed = await gatherSpeed(directory, options.speed);
  const ledgers = await readLedgers(adapters, { rows, speed: speed.cases });
  await writeResults(directory, rows, ledgers);
  terminal.out(formatRows(rows));
  for (const { title, claims } of ledgers) terminal.out(`${title}'s claims: ${countVerdicts(claims)}.`);
  terminal.notice(`Written to ${join(directory, "results.json")} and results.md.`);
  if (options.claims === true) terminal.notice(`Written to ${(await writeLedgers(ledgers)).join(", ")}.`);
  if (tensorboard !== undefined) await writeCurves(finished, tensorboard);
  if (html === undefined) return;
  const { writePage } = await import("../page/write-page.ts");
  await writePage(html, { runs: finished, rows, gold, documents, speed, ledgers }, context);
  terminal.out(`Page: ${resolve(html)}`);
}

/** What was measured before, and what the files add, which is kept too. */
async function gatherSpeed(directory: string, files: readonly string[] = []): Promise<SpeedResults> {
  const measured = mergeSpeed(await readKeptSpeed(directory), await Promise.all(files.map(readSpeed)));
  if (files.length > 0) await keepSpeed(directory, measured);
  return measured;
}

async function writeCurves(directories: readonly string[], tensorboard: string): Promise<void> {
  for (const directory of directories) {
    const log = await readRunLog(runFiles(directory).log);
    writeRunEvents(tensorboard, await readRunConfig(directory), log);
  }
}

/** Finds the directories of finished runs, at any depth. */
export async function findFinishedRuns(directory: string): Promise<string[]> {
  if (!existsSync(directory)) return [];
  if (existsSync(runFiles(directory).config)) return existsSync(runFiles(directory).scores) ? [directory] : [];
  const entries = await readdir(directory, { withFileTypes: true });
  const below = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();
  const found = await Promise.all(below.map((name) => findFinishedRuns(join(directory, name))));
  return found.flat();
}

/** The runs of some suites, or all. */
async function ofSuites(directories: readonly string[], suites: readonly string[] | undefined): Promise<string[]> {
  const configs = await Promise.all(directories.map(readRunConfig));
  return directories.filter((_, index) => suites?.includes(configs[index]?.experiment.suite ?? "own") ?? true);
}
