import { join } from "node:path";

import type { ResultRow } from "./results.ts";
import { formatPercent } from "./score-table.ts";
import { formatMarkdownTable, formatTable } from "./text-table.ts";
import { writeJson, writeWhole } from "./write-file.ts";

/** The metrics that tables show, in order; `results.json` holds the others too. */
const SHOWN = ["F1", "Ign F1", "Intra F1", "Inter F1", "Precision", "Recall"];

/** Writes rows as `results.json` and `results.md` into a directory. */
export async function writeResults(directory: string, rows: readonly ResultRow[]): Promise<void> {
  await writeJson(join(directory, "results.json"), rows);
  await writeWhole(join(directory, "results.md"), formatResultsPage(rows));
}

/** Shows rows on a terminal: a line for each experiment and split, and below it what differs from the paper. */
export function formatRows(rows: readonly ResultRow[]): string {
  const lines = groupRows(rows);
  const differences = [...new Set(lines.map(([row]) => describeDifferences(row)).filter((text) => text !== ""))];
  const table = formatTable(header("paper F1"), lines.map(toCells));
  return [table, ...differences.map((text) => `* ${text}`)].join("\n");
}

/** Shows rows as a page in Markdown. */
function formatResultsPage(rows: readonly ResultRow[]): string {
  const lines = groupRows(rows);
  const commands = [...new Map(rows.map(({ experiment, command }) => [experiment, command]))];
  return [
    "# Results",
    "",
    "Means in percent over the seeds; `results.json` holds every value. `relatum-bench report` writes both files from run",
    "directories. Where *differences* names the encoder, the data, the split or the recipe, the paper's number was reached",
    "with another one and is no yardstick for ours.",
    "",
    formatMarkdownTable(
      [...header("paper F1"), "differences"],
      lines.map((line) => [...toCells(line), line[0].differences.join("; ")]),
    ),
    "",
    "Commands, from the root of the repository; `DATA` is the directory with the data sets:",
    "",
    ...commands.map(([experiment, command]) => `- ${experiment}: \`${command}\``),
    "",
  ].join("\n");
}

type Line = readonly [first: ResultRow, ...others: ResultRow[]];

/** The rows of one experiment and split together, in order of appearance. */
function groupRows(rows: readonly ResultRow[]): Line[] {
  const groups = new Map<string, [ResultRow, ...ResultRow[]]>();
  for (const row of rows) {
    const key = JSON.stringify([row.experiment, row.split]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}

function header(published: string): string[] {
  return ["model", "variant", "data", "split", "encoder", ...SHOWN, "F1 by seed", published];
}

function toCells(line: Line): string[] {
  const [{ model, variant, dataset, split, encoder }] = line;
  const f1 = line.find(({ metric }) => metric === "F1");
  const means = SHOWN.map((name) => formatPercent(line.find(({ metric }) => metric === name)?.mean));
  const bySeed = (f1?.values ?? []).map(formatPercent).join(" ");
  const published = f1?.published === undefined ? "–" : `${f1.published.value} (${f1.published.source})`;
  return [model, variant, dataset, split, encoder, ...means, bySeed, published];
}

function describeDifferences({ model, variant, dataset, split, differences }: ResultRow): string {
  return differences.length === 0 ? "" : `${model} ${variant}, ${dataset} ${split}: ${differences.join("; ")}`;
}
