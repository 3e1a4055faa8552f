import type { RunScores, SplitScores } from "./scoring.ts";
import { formatTable } from "./text-table.ts";

/** The scores of a run as a table, a line for each split. */
export function formatScores(scores: RunScores): string {
  const splits: [string, SplitScores][] = [["development", scores.development]];
  if (scores.test !== undefined) splits.push(["test", scores.test]);
  const names = [...new Set(splits.flatMap(([, { metrics }]) => Object.keys(metrics)))];
  return formatTable(
    ["", ...names],
    splits.map(([split, { metrics }]) => [split, ...names.map((name) => formatPercent(metrics[name]))]),
  );
}

/** A percentage with two digits, or a dash for none. */
export function formatPercent(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(2);
}
