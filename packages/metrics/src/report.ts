import { markdownTable, type TableColumn, textTable } from "./table.ts";

/** One score of one model in one setting, over its seeds. Make one with {@link createReportRow}. */
export interface ReportRow {
  /** The model as tables call it: `ATLOP`. */
  readonly model: string;
  /** What differs from the paper's full model: `full`, `without localized context`. */
  readonly variant: string;
  readonly dataset: string;
  readonly split: string;
  readonly encoder: string;
  /** `F1`, `Ign F1`, … */
  readonly metric: string;
  /** One a seed, in percent. */
  readonly values: readonly number[];
  /** Mean of `values`. */
  readonly mean: number;
  /** What to type to get these values again. */
  readonly command: string;
  /** What the paper prints for this setting or the one most like it, in percent. */
  readonly published?: number;
  /** Standard deviation that the paper prints beside, in percentage points. */
  readonly publishedDeviation?: number;
  /** Where the paper says so: `Table 3`. */
  readonly source?: string;
  /** Score of the authors' code on the same data, encoder and recipe, in percent. */
  readonly reference?: number;
  /** Where encoder, data or recipe differ from the paper's, in words. */
  readonly note?: string;
}

/** A table of results. */
export interface Report {
  readonly rows: readonly ReportRow[];
}

/** The forms a report can be written in. */
export type ReportFormat = "markdown" | "json" | "text";

/**
 * Makes a row, with the mean of its values.
 *
 * @throws {RangeError} If there is no value or one is not finite.
 */
export function createReportRow(row: Omit<ReportRow, "mean">): ReportRow {
  if (row.values.length === 0) throw new RangeError("values must hold one score a seed, got none.");
  const invalid = row.values.find((value) => !Number.isFinite(value));
  if (invalid !== undefined) throw new RangeError(`values must be finite, got ${invalid}.`);
  return { ...row, mean: meanOf(row.values) };
}

/**
 * Writes a report.
 *
 * Tables show the mean with the sample standard deviation and the number of seeds, and leave out columns that no row
 * fills. `markdown` and `text` end with the commands; `json` is the list of rows in full.
 */
export function formatReport({ rows }: Report, format: ReportFormat): string {
  if (format === "json") return `${JSON.stringify(rows, undefined, 2)}\n`;
  if (rows.length === 0) return "No results.\n";
  const commands = [...new Set(rows.map(({ command }) => command))];
  const columns = COLUMNS.filter(({ cell }) => rows.some((row) => cell(row) !== ""));
  if (format === "text") return `${textTable(rows, columns)}\n${commands.map((command) => `$ ${command}\n`).join("")}`;
  const fence = ["```sh", ...commands, "```", ""].join("\n");
  return `${markdownTable(rows, columns)}\n${fence}`;
}

const COLUMNS: readonly TableColumn<ReportRow>[] = [
  { title: "Model", cell: ({ model, variant }) => (variant === "full" ? model : `${model}, ${variant}`) },
  { title: "Data", cell: ({ dataset, split }) => `${dataset} ${split}` },
  { title: "Encoder", cell: ({ encoder }) => encoder },
  { title: "Metric", cell: ({ metric }) => metric },
  { title: "Ours", cell: ({ mean, values }) => withDeviation(mean, sampleDeviation(values)), align: "right" },
  { title: "Seeds", cell: ({ values }) => String(values.length), align: "right" },
  { title: "Reference", cell: ({ reference }) => withDeviation(reference), align: "right" },
  {
    title: "Published",
    cell: ({ published, publishedDeviation }) => withDeviation(published, publishedDeviation),
    align: "right",
  },
  { title: "Source", cell: ({ source = "" }) => source },
  { title: "Note", cell: ({ note = "" }) => note },
];

function withDeviation(value: number | undefined, deviation?: number): string {
  if (value === undefined) return "";
  return deviation === undefined ? value.toFixed(2) : `${value.toFixed(2)} ± ${deviation.toFixed(2)}`;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Standard deviation with one value less in the denominator; absent for a single value. */
function sampleDeviation(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
