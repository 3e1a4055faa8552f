import type { CommandContext } from "../command-context.ts";
import type { GoldLoader } from "../gold.ts";
import { writeWhole } from "../write-file.ts";
import { loadAssets } from "./assets.ts";
import { createCharts } from "./charts.ts";
import { comparePairs } from "./intervals.ts";
import { formatPage } from "./page.ts";
import { collectReadings } from "./readings.ts";
import { readSettings } from "./settings.ts";
import { readSpeed } from "./speed-section.ts";

/** What goes onto the page. */
export interface WritePageOptions {
  /** Directories of finished runs. */
  readonly runs: readonly string[];
  /** Reads the documents that runs were scored on. */
  readonly gold: GoldLoader;
  /** Documents of each experiment in the reader; without it, some of the sample world and none of any other data. */
  readonly documents?: number | undefined;
  /** Files that `speed --json` wrote. */
  readonly speed?: readonly string[] | undefined;
}

/** What writing needs of a command's context. */
type PageContext = Pick<CommandContext, "findAdapters" | "signal" | "startEngine" | "terminal">;

/** Writes the page of some runs. */
export async function writePage(
  path: string,
  { runs, gold, documents, speed = [] }: WritePageOptions,
  { findAdapters, signal, startEngine, terminal }: PageContext,
): Promise<void> {
  terminal.status("Reading the runs");
  const measured = await Promise.all(speed.map(readSpeed));
  const settings = await readSettings(runs, await findAdapters(), gold);
  const onProgress = (text: string): void => terminal.status(text);
  const readings = await collectReadings(settings, { documents, signal, startEngine, onProgress });
  const content = {
    settings,
    comparisons: comparePairs(settings),
    charts: createCharts(settings),
    readings,
    speed: measured.flat(),
  };
  await writeWhole(path, formatPage(content, await loadAssets()));
  terminal.clear();
}
