import { join } from "node:path";

import { ABLATIONS_NOTE, describeCell, groupAblations } from "./ablations.ts";
import { formatMeasuredClaims } from "./claims/claims-table.ts";
import type { Ledger } from "./claims/ledger.ts";
import { meanOf, type ResultRow } from "./results.ts";
import { formatPercent } from "./score-table.ts";
import { formatMarkdownTable, formatTable } from "./text-table.ts";
import { writeJson, writeWhole } from "./write-file.ts";

/** The metrics that tables show, of documents and of sentences, in order; `results.json` holds the others too. */
const SHOWN = [
  ["F1", "Ign F1", "AUC", "Ign AUC", "Intra F1", "Inter F1", "Infer F1", "Precision", "Recall"],
  ["Ent F1", "Rel F1", "Rel+ F1"],
] as const;

/** The metric whose seeds tables show; of those that stand beside it, the paper's numbers are shown too. */
const MAIN = ["F1", "Rel F1"];

/** The metrics whose published and reference values tables show. */
const MAIN_METRICS = ["F1", ...SHOWN[1]];

/** Writes rows as `results.json` and, with what the papers claim, `results.md` into a directory. */
export async function writeResults(
  directory: string,
  rows: readonly ResultRow[],
  ledgers: readonly Ledger[] = [],
): Promise<void> {
  await writeJson(join(directory, "results.json"), rows);
  await writeWhole(join(directory, "results.md"), formatResultsPage(rows, ledgers));
}

/** Shows rows on a terminal: a line for each experiment and split, and below it what differs from the paper. */
export function formatRows(rows: readonly ResultRow[]): string {
  const lines = groupRows(rows);
  const differences = [...new Set(lines.map(([row]) => describeDifferences(row)).filter((text) => text !== ""))];
  const shown = shownMetrics(rows);
  const table = formatTable(
    header(shown),
    lines.map((line) => toCells(line, shown)),
  );
  return [table, ...differences.map((text) => `* ${text}`)].join("\n");
}

/** Shows rows as a page in Markdown. */
function formatResultsPage(rows: readonly ResultRow[], ledgers: readonly Ledger[]): string {
  const lines = groupRows(rows);
  const shown = shownMetrics(rows);
  const commands = [...new Map(rows.map(({ model, experiment, command }) => [command, `${model} ${experiment}`]))];
  return [
    "# Results",
    "",
    "Means in percent over the seeds; `results.json` holds every value. `relatum-bench report` writes both files from run",
    "directories. Where *differences* names the encoder, the data, the split or the recipe, the paper's number was reached",
    "with another one and is no yardstick for ours. *Authors' code* is what their own code reaches on the same data with the",
    "same encoder, after the epochs named.",
    "",
    formatMarkdownTable(
      [...header(shown), "differences"],
      lines.map((line) => [...toCells(line, shown), line[0].differences.join("; ")]),
    ),
    "",
    ...formatAblations(rows),
    ...(ledgers.length === 0 ? [] : ["## What the papers claim", ""]),
    ...ledgers.flatMap(({ title, claims }) => [`### ${title}`, "", formatMeasuredClaims(claims), ""]),
    "## Commands",
    "",
    "Commands, from the root of the repository; `DATA` is the directory with the data sets:",
    "",
    ...commands.map(([command, experiment]) => `- ${experiment}: \`${command}\``),
    "",
  ].join("\n");
}

/** Each data set's models with their variants in one table, beside what a variant changes. */
function formatAblations(rows: readonly ResultRow[]): string[] {
  const groups = groupAblations(rows);
  if (groups.length === 0) return [];
  const tables = groups.flatMap(({ title, metrics, lines }) => [
    `### ${title}`,
    "",
    formatMarkdownTable(
      ["model", "variant", "encoder", "epochs", "seeds", ...metrics],
      lines.map(({ row, cells }) => [
        row.model,
        row.variant,
        row.encoder,
        row.epochs === undefined ? "–" : String(row.epochs),
        row.seeds.join(" "),
        ...cells.map((cell) => (cell === undefined ? "–" : describeCell(cell))),
      ]),
    ),
    "",
  ]);
  return ["## Ablations", "", ABLATIONS_NOTE, "", ...tables];
}

type Line = readonly [first: ResultRow, ...others: ResultRow[]];

/** The rows of one experiment and split together, in order of appearance. */
function groupRows(rows: readonly ResultRow[]): Line[] {
  const groups = new Map<string, [ResultRow, ...ResultRow[]]>();
  for (const row of rows) {
    const key = JSON.stringify([row.model, row.experiment, row.dataset, row.split]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

/** The metrics that some row has. */
function shownMetrics(rows: readonly ResultRow[]): string[] {
  return SHOWN.flat().filter((name) => rows.some(({ metric }) => metric === name));
}

function header(shown: readonly string[]): string[] {
  return ["model", "variant", "data", "split", "encoder", ...shown, "F1 by seed", "authors' code F1", "paper F1"];
}

function toCells(line: Line, shown: readonly string[]): string[] {
  const [{ model, variant, dataset, split, encoder }] = line;
  const main = line.find(({ metric }) => MAIN.includes(metric));
  const means = shown.map((name) => formatPercent(line.find(({ metric }) => metric === name)?.mean));
  const bySeed = (main?.values ?? []).map(formatPercent).join(" ");
  return [model, variant, dataset, split, encoder, ...means, bySeed, referenceCell(line), publishedCell(line)];
}

/** What the authors' code reaches: its mean, with how many seeds and how long they trained. */
function referenceCell(line: Line): string {
  const found = MAIN_METRICS.flatMap((name) => {
    const reference = line.find(({ metric }) => metric === name)?.reference;
    return reference === undefined ? [] : [{ name, ...reference }];
  });
  if (found.length === 0) return "–";
  const values = found.map(({ name, values: scores }) => `${levelOf(name)}${formatPercent(meanOf(scores))}`);
  const recipes = [
    ...new Set(
      found.map(({ seeds, recipe }) => `${seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`}, ${recipe}`),
    ),
  ];
  return `${values.join(", ")} (${recipes.join("; ")})`;
}

/** The paper's F1: one number for documents, one for each level of sentences. */
function publishedCell(line: Line): string {
  const found = MAIN_METRICS.flatMap((name) => {
    const published = line.find(({ metric }) => metric === name)?.published;
    return published === undefined ? [] : [{ name, ...published }];
  });
  if (found.length === 0) return "–";
  const sources = [...new Set(found.map(({ source }) => source))].join(", ");
  const values = found.map(({ name, value }) => `${levelOf(name)}${value}`);
  return `${values.join(", ")} (${sources})`;
}

/** What a score is of, before its value, where there are several. */
function levelOf(metric: string): string {
  return metric === "F1" ? "" : `${metric.replace(" F1", "")} `;
}

function describeDifferences({ model, variant, dataset, split, differences }: ResultRow): string {
  return differences.length === 0 ? "" : `${model} ${variant}, ${dataset} ${split}: ${differences.join("; ")}`;
}
