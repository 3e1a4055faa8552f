import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { fillModelCard } from "@relatum/encoders";

import { encoderName } from "./comparison.ts";
import type { RunConfig } from "./run-directory.ts";
import { formatPercent } from "./score-table.ts";
import type { RunScores, SplitScores } from "./scoring.ts";
import { formatMarkdownTable } from "./text-table.ts";
import { writeWhole } from "./write-file.ts";

/** Writes into a saved model's card what the run knows: data, recipe and scores. A model without a card stays so. */
export async function describeModel(directory: string, config: RunConfig, scores: RunScores): Promise<void> {
  const path = join(directory, "README.md");
  if (!existsSync(path)) return;
  const sections = { Data: describeData(config), Recipe: describeRecipe(config), Scores: formatScoreTable(scores) };
  await writeWhole(path, fillModelCard(await readFile(path, "utf8"), sections));
}

function describeData({ dataset, data }: RunConfig): string {
  const rows = Object.entries(data).map(([split, hash]) => [split, `\`${hash}\``]);
  return [`${dataset}; SHA-256 of each part:`, "", formatMarkdownTable(["part", "SHA-256"], rows)].join("\n");
}

function describeRecipe({ experiment, seed, engine, versions }: RunConfig): string {
  const { name, variant, training, selection, differences } = experiment;
  return [
    `Experiment \`${name}\` (${variant}), seed ${seed}, from the encoder ${encoderName(experiment)}, on the engine`,
    `\`${engine}\`; the epoch was chosen by ${selection} on the development documents.`,
    ...(differences === undefined ? [] : ["", `Differs from the paper: ${differences}.`]),
    "",
    "```json",
    JSON.stringify(training, null, 2),
    "```",
    "",
    `Versions: ${Object.entries(versions)
      .map((entry) => entry.join(" "))
      .join(", ")}.`,
  ].join("\n");
}

function formatScoreTable(scores: RunScores): string {
  const splits = Object.entries(scores as unknown as Record<string, SplitScores>);
  const names = [...new Set(splits.flatMap(([, { metrics }]) => Object.keys(metrics)))];
  const rows = splits.map(([split, { documents, metrics }]) => {
    return [split, `${documents}`, ...names.map((name) => formatPercent(metrics[name]))];
  });
  return ["In percent.", "", formatMarkdownTable(["split", "documents", ...names], rows)].join("\n");
}
