import { loadDocuments, loadFacts, relationNames, requireLabels, requireUniqueIds } from "@relatum/datasets";
import { bootstrapInterval, countsByDocument } from "@relatum/metrics";
import { createRandom } from "@relatum/tensor-utils";

import type { CommandContext } from "../command-context.ts";
import type { DataFormat } from "../experiment.ts";
import { loadRun } from "../load-run.ts";
import { formatPercent } from "../score-table.ts";
import { extractRelations, scoreRelations } from "../scoring.ts";
import type { Terminal } from "../terminal.ts";
import { formatTable } from "../text-table.ts";
import { writeJson } from "../write-file.ts";

/** Options of the command `evaluate`. */
export interface EvaluateCommandOptions {
  readonly file: string;
  readonly format: DataFormat;
  readonly trainFacts?: string;
  readonly json?: string;
}

/** Share of the drawn scores that the confidence interval holds. */
const CONFIDENCE = 0.95;

/** Scores the model of a run on the labelled documents of a file, and prints a table. */
export async function evaluateCommand(
  runDirectory: string,
  { file, format, trainFacts, json }: EvaluateCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { signal, terminal } = context;
  const documents = await loadDocuments(file, format);
  requireLabels(documents);
  requireUniqueIds(documents);
  const given = trainFacts === undefined ? undefined : await loadFacts(trainFacts);

  const run = await loadRun(runDirectory, context);
  try {
    noticeUnknownRelations(relationNames(documents), run.relations, terminal);
    const facts = given ?? (await run.loadTrainFacts());
    const onProgress = (done: number): void => terminal.status(`Reading documents: ${done}/${documents.length}`);
    const relations = await extractRelations(run.extractor, documents, { signal, onProgress });
    const scores = scoreRelations(documents, relations, { trainFacts: facts });
    // Always the same draws: the interval is a property of the predictions.
    const random = createRandom(0);
    const { low, high } = bootstrapInterval(countsByDocument(documents, relations), { random, confidence: CONFIDENCE });
    const interval = [100 * low, 100 * high] as const;
    if (json !== undefined)
      await writeJson(json, { ...scores, interval: { metric: "F1", level: CONFIDENCE, interval } });

    const { correct, predicted, gold } = scores.counts;
    terminal.out(
      formatTable(
        ["score", "percent"],
        Object.entries(scores.metrics).map(([name, value]) => [name, formatPercent(value)]),
      ),
    );
    terminal.out(`F1 lies between ${interval.map(formatPercent).join(" and ")} with ${100 * CONFIDENCE} % confidence.`);
    terminal.out(`${documents.length} documents; ${correct} facts right of ${predicted} found and ${gold} labelled.`);
  } finally {
    run.extractor.dispose();
  }
}

/** Says which labelled relations the model cannot find; refuses documents that have none it can. */
function noticeUnknownRelations(labelled: readonly string[], known: readonly string[], terminal: Terminal): void {
  const unknown = labelled.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, 5).join(", ");
  if (unknown.length === labelled.length) {
    throw new RangeError(
      `Documents must have relations that the model knows (${known.slice(0, 5).join(", ")}, …), got ${shown}.`,
    );
  }
  terminal.notice(
    `The model does not know ${unknown.length} of ${labelled.length} relations, which count as missed: ${shown}.`,
  );
}
