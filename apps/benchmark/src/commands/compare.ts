import { existsSync } from "node:fs";

import type { CommandContext } from "../command-context.ts";
import { compareResults } from "../compare-results.ts";
import { type Comparison, compareRuns, SIGNIFICANCE } from "../compare-runs.ts";
import { readResults, readResultsFile, type ResultRow } from "../results.ts";
import { RunDirectoryError } from "../run-directory.ts";
import { formatPercent } from "../score-table.ts";
import { formatTable } from "../text-table.ts";
import { writeJson } from "../write-file.ts";
import { findFinishedRuns } from "./report.ts";

/** Options of the command `compare`. */
export interface CompareCommandOptions {
  readonly data?: string;
  readonly json?: string;
}

/**
 * Shows whether a change made models better or worse, and faster or slower.
 *
 * @param base Where the runs from before the change lie, at any depth, or a `results.json`.
 * @param head The same from after it.
 */
export async function compareCommand(
  base: string,
  head: string,
  { data, json }: CompareCommandOptions,
  { terminal }: CommandContext,
): Promise<void> {
  const [baseRuns, headRuns] = [await runsOf(base), await runsOf(head)];
  const comparisons =
    baseRuns.length > 0 && headRuns.length > 0
      ? await compareRuns(baseRuns, headRuns, data)
      : compareResults(await resultsOf(base), await resultsOf(head));
  if (json !== undefined) await writeJson(json, comparisons);
  terminal.out(formatComparisons(comparisons));
}

/** The directories of the runs; none where a file of results is meant. */
async function runsOf(path: string): Promise<string[]> {
  return path.endsWith(".json") ? [] : findFinishedRuns(path);
}

/** The rows of a `results.json`, or of the one in a directory. */
async function resultsOf(path: string): Promise<readonly ResultRow[]> {
  const rows = path.endsWith(".json") ? await readResultsFile(path) : await readResults(path);
  if (rows.length > 0) return rows;
  const problem = existsSync(path) ? "got neither" : "but is not there";
  throw new RunDirectoryError(`${path} must hold finished runs or a results.json, ${problem}.`);
}

const HEADER = ["paper, experiment", "split", "score", "seeds", "base", "head", "change", "95 %", "p", "", "speed"];

function formatComparisons(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map((comparison) => {
    const { paper, experiment, split, metric, seeds, base, head, interval, pValue, speed } = comparison;
    return [
      `${paper} ${experiment}`,
      split,
      metric,
      `${seeds.length}`,
      formatPercent(base),
      formatPercent(head),
      formatChange(head - base),
      interval === undefined ? "–" : interval.map(formatChange).join(" … "),
      pValue < 0.001 ? "<0.001" : pValue.toFixed(3),
      judge(comparison),
      speed === undefined ? "–" : `${speed.toFixed(2)}×`,
    ];
  });
  const legend = [
    "Scores in percent, means over the seeds; change, interval and p (randomization over documents, or over seeds where",
    `there are no runs) of head less base; "same" where p is not below ${SIGNIFICANCE}. Speed: seconds of a step at the`,
    "base by those at the head; above 1 the head is faster. Measure it on a machine that does nothing else.",
  ];
  return [formatTable(HEADER, rows), "", ...legend].join("\n");
}

function judge({ base, head, pValue }: Comparison): string {
  if (pValue >= SIGNIFICANCE || head === base) return "same";
  return head > base ? "better" : "worse";
}

function formatChange(points: number): string {
  return `${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)}`;
}
