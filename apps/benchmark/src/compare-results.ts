import type { Comparison } from "./compare-runs.ts";
import type { ResultRow } from "./results.ts";
import { MAIN_METRIC } from "./scoring.ts";

/**
 * Compares two tables of results by the scores of their seeds, where there are no runs to compare document by document.
 *
 * The test changes the sign of each seed's difference in every possible way: with one seed nothing can be shown, with
 * five the least probability is 0.06.
 *
 * @throws {RangeError} If no experiment and seed is in both.
 */
export function compareResults(base: readonly ResultRow[], head: readonly ResultRow[]): Comparison[] {
  const main: readonly string[] = Object.values(MAIN_METRIC);
  const found = head.flatMap((row): Comparison[] => {
    if (!main.includes(row.metric) || row.split === "train") return [];
    const other = base.find((candidate) => keyOf(candidate) === keyOf(row));
    const seeds = row.seeds.filter((seed) => other?.seeds.includes(seed));
    if (other === undefined || seeds.length === 0) return [];
    const valueOf = ({ seeds: all, values }: ResultRow, seed: number): number => values[all.indexOf(seed)] ?? 0;
    const differences = seeds.map((seed) => valueOf(row, seed) - valueOf(other, seed));
    return [
      {
        paper: row.model,
        experiment: row.experiment,
        dataset: row.dataset,
        split: row.split as Comparison["split"],
        metric: row.metric,
        seeds,
        base: mean(seeds.map((seed) => valueOf(other, seed))),
        head: mean(seeds.map((seed) => valueOf(row, seed))),
        pValue: signTest(differences),
      },
    ];
  });
  if (found.length > 0) return found;
  throw new RangeError("BASE and HEAD must have results of one experiment and seed in common, got none.");
}

function keyOf({ model, experiment, dataset, split, metric }: ResultRow): string {
  return JSON.stringify([model, experiment, dataset, split, metric]);
}

/** The share of all choices of signs under which the mean is at least as far from 0. */
function signTest(differences: readonly number[]): number {
  const observed = Math.abs(mean(differences));
  const choices = 2 ** differences.length;
  let asLarge = 0;
  for (let choice = 0; choice < choices; choice += 1) {
    const signed = differences.map((value, index) => (Math.floor(choice / 2 ** index) % 2 === 0 ? value : -value));
    if (Math.abs(mean(signed)) >= observed - 1e-12) asLarge += 1;
  }
  return asLarge / choices;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
