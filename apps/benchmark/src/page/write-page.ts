import type { CommandContext } from "../command-context.ts";
import type { Ledger } from "../claims/ledger.ts";
import type { GoldLoader } from "../gold.ts";
import type { ResultRow } from "../results.ts";
import type { SpeedResults } from "../speed/speed-results.ts";
import { writeWhole } from "../write-file.ts";
import { loadAssets } from "./assets.ts";
import { createCharts } from "./charts.ts";
import { comparePairs } from "./intervals.ts";
import { createFigureCharts } from "./figure-charts.ts";
import { formatPage } from "./page.ts";
import { collectReadings } from "./readings.ts";
import { readSettings } from "./settings.ts";
import { tellingPairs } from "./telling-pairs.ts";

/** What goes onto the page. */
export interface WritePageOptions {
  /** Directories of finished runs. */
  readonly runs: readonly string[];
  /** Reads the documents that runs were scored on. */
  readonly gold: GoldLoader;
  /** Documents of each experiment in the reader; without it, some of the sample world for whole models, and no others. */
  readonly documents?: number | undefined;
  /** The results of these runs and of earlier ones. */
  readonly rows: readonly ResultRow[];
  readonly speed: SpeedResults;
  readonly ledgers: readonly Ledger[];
}

/** What writing needs of a command's context. */
type PageContext = Pick<CommandContext, "findAdapters" | "signal" | "startEngine" | "terminal">;

/** Writes the page of some runs. */
export async function writePage(
  path: string,
  { runs, rows, gold, documents, speed, ledgers }: WritePageOptions,
  { findAdapters, signal, startEngine, terminal }: PageContext,
): Promise<void> {
  terminal.status("Reading the runs");
  const adapters = await findAdapters();
  const settings = await readSettings(runs, adapters, gold);
  const figures = await createFigureCharts(adapters, { rows, speed: speed.cases });
  const onProgress = (text: string): void => terminal.status(text);
  const readings = await collectReadings(settings, { documents, signal, startEngine, onProgress });
  const claims = ledgers.flatMap((ledger) => ledger.claims.map(({ claim }) => claim));
  const content = {
    settings,
    comparisons: comparePairs(tellingPairs(settings, claims)),
    charts: createCharts(settings, figures),
    readings,
    speed,
    rows,
    ledgers,
  };
  await writeWhole(path, formatPage(content, await loadAssets()));
  terminal.clear();
}
