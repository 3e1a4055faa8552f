import { meanOf, type ResultRow } from "./results.ts";

/** Metrics of an ablation, those that the data set has. */
const METRICS = ["F1", "Ign F1", "AUC", "Ign AUC", "Intra F1", "Inter F1", "Infer F1"];

/** The name of a paper's whole model. */
const FULL = "full";

/** What tables of ablations say of themselves. */
export const ABLATIONS_NOTE =
  "Models and their variants on the same documents. Beside the scores of a variant: the difference from the full model of the same encoder and epochs, over the seeds that both have.";

/** The models on one split of a data set, where one of them has variants. */
export interface AblationGroup {
  /** `Re-DocRED-lite development`. */
  readonly title: string;
  readonly dataset: string;
  readonly split: ResultRow["split"];
  readonly metrics: readonly string[];
  readonly lines: readonly AblationLine[];
}

/** An experiment; its cells are those of the group's metrics. */
export interface AblationLine {
  /** Its main score. */
  readonly row: ResultRow;
  readonly cells: readonly (AblationCell | undefined)[];
}

/** A score. */
export interface AblationCell {
  /** In percent, over all seeds. */
  readonly mean: number;
  /** What the variant changes, in points; absent for full models, and for variants of none. */
  readonly difference?: number;
}

/** Puts the models of each data set with those variants of them that were measured into one table. */
export function groupAblations(rows: readonly ResultRow[]): AblationGroup[] {
  const main = rows.filter(({ metric }) => metric === METRICS[0]);
  const places = [...new Map(main.map((row) => [JSON.stringify([row.dataset, row.split]), row])).values()];
  return places.flatMap(({ dataset, split }): AblationGroup[] => {
    const own = rows.filter((row) => row.dataset === dataset && row.split === split);
    const lines = main.filter((row) => row.dataset === dataset && row.split === split);
    if (!lines.some((row) => row.variant !== FULL && findFull(row, lines) !== undefined)) return [];
    const metrics = METRICS.filter((metric) => own.some((row) => row.metric === metric));
    return [
      {
        title: `${dataset} ${split}`,
        dataset,
        split,
        metrics,
        lines: lines.toSorted(compareLines).map((row) => {
          const full = row.variant === FULL ? undefined : findFull(row, lines);
          return { row, cells: metrics.map((metric) => cellOf(own, metric, row, full)) };
        }),
      },
    ];
  });
}

/** A cell in words: `49.66 (−1.20)`. */
export function describeCell({ mean, difference }: AblationCell): string {
  return difference === undefined ? mean.toFixed(2) : `${mean.toFixed(2)} (${signed(difference)})`;
}

/** A difference with its sign. */
export function signed(difference: number): string {
  return `${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(2)}`;
}

/** The full model that a variant is one of: with its encoder and training. */
function findFull(row: ResultRow, lines: readonly ResultRow[]): ResultRow | undefined {
  return lines.find(
    ({ model, variant, encoder, epochs }) =>
      variant === FULL && model === row.model && encoder === row.encoder && epochs === row.epochs,
  );
}

/** By model, encoder and training; the full model before its variants. */
function compareLines(one: ResultRow, other: ResultRow): number {
  const keyOf = ({ model, encoder, epochs = 0, variant, experiment }: ResultRow): string =>
    [model, encoder, String(epochs).padStart(5, "0"), variant === FULL ? 0 : 1, experiment].join("\n");
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function cellOf(
  rows: readonly ResultRow[],
  metric: string,
  line: ResultRow,
  full: ResultRow | undefined,
): AblationCell | undefined {
  const find = ({ model, experiment }: ResultRow): ResultRow | undefined =>
    rows.find((row) => row.model === model && row.experiment === experiment && row.metric === metric);
  const own = find(line);
  if (own === undefined) return undefined;
  const whole = full && find(full);
  const differences = own.seeds.flatMap((seed, index) => {
    const at = whole?.seeds.indexOf(seed) ?? -1;
    return at < 0 ? [] : [(own.values[index] ?? 0) - (whole?.values[at] ?? 0)];
  });
  return { mean: own.mean, ...(differences.length > 0 && { difference: meanOf(differences) }) };
}
