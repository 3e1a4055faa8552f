import { existsSync } from "node:fs";

import type { PaperAdapter } from "./adapter.ts";
import type { CommandContext } from "./command-context.ts";
import { drawRunCurves } from "./curves.ts";
import type { GoldLoader } from "./gold.ts";
import { readRunConfig, readRunScores, runFiles } from "./run-directory.ts";
import { writeJson } from "./write-file.ts";

/** What curves are drawn with. */
type DrawingContext = Pick<CommandContext, "signal" | "startEngine" | "terminal"> & {
  readonly adapters: readonly PaperAdapter[];
  readonly gold: GoldLoader;
};

/**
 * Draws the curves of finished runs that have none, and writes them beside their scores.
 *
 * Says which runs it passes over, for want of a model or of the documents.
 *
 * @throws {InterruptedError} If the signal fires; what is written stays.
 */
export async function drawMissingCurves(directories: readonly string[], context: DrawingContext): Promise<void> {
  for (const directory of directories) {
    if (!existsSync(runFiles(directory).curves)) await drawMissing(directory, context);
  }
}

async function drawMissing(
  directory: string,
  { adapters, gold, signal, startEngine, terminal }: DrawingContext,
): Promise<void> {
  const config = await readRunConfig(directory);
  const adapter = adapters.find(({ name }) => name === config.experiment.paper);
  if (adapter?.scoreAll === undefined) return;
  const data = await gold.load(config, adapter.task);
  const { model, curves } = runFiles(directory);
  const reason = typeof data === "string" ? data : existsSync(model) ? undefined : "its model is gone";
  if (typeof data === "string" || reason !== undefined) {
    terminal.notice(`${directory}: no curve, for ${reason}.`);
    return;
  }
  terminal.notice(`${directory}: drawing its curve.`);
  await startEngine();
  const extractor = await adapter.load(model);
  try {
    const source = { ...data, scores: await readRunScores(directory), signal, terminal };
    await writeJson(curves, await drawRunCurves(adapter.scoreAll, extractor, source));
  } finally {
    extractor.dispose();
  }
}
