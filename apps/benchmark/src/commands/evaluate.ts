import {
  type Document,
  entityTypes,
  type Extraction,
  loadDocuments,
  loadFacts,
  relationNames,
  requireLabels,
  requireUniqueIds,
} from "@relatum/datasets";
import { bootstrapInterval, countsByDocument, sentenceCountsByDocument } from "@relatum/metrics";
import { createRandom } from "@relatum/tensor-utils";

import type { CommandContext } from "../command-context.ts";
import { curveMetrics, drawCurve } from "../curves.ts";
import { documentsFor } from "../data.ts";
import type { DataFormat } from "../experiment.ts";
import { loadRun, type LoadRunOptions } from "../load-run.ts";
import { formatPercent } from "../score-table.ts";
import { extractAll, MAIN_METRIC, scoreExtraction, type SplitScores } from "../scoring.ts";
import { detailSentences, formatDetails } from "../sentence-scoring.ts";
import type { Terminal } from "../terminal.ts";
import { formatTable } from "../text-table.ts";
import { writeJson } from "../write-file.ts";

/** Options of the command `evaluate`. */
export interface EvaluateCommandOptions extends LoadRunOptions {
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
  { file, format, trainFacts, json, ...options }: EvaluateCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { signal, terminal } = context;
  const read = await loadDocuments(file, format);
  requireLabels(read);
  requireUniqueIds(read);
  const given = trainFacts === undefined ? undefined : await loadFacts(trainFacts);

  const run = await loadRun(runDirectory, context, options);
  try {
    const documents = documentsFor(run.task, read);
    noticeUnknown("relations", relationNames(documents), run.relations, terminal);
    if (run.entityTypes) noticeUnknown("entity types", entityTypes(documents), run.entityTypes, terminal);
    const facts = given ?? (await run.loadTrainFacts());
    const onProgress = (done: number): void => terminal.status(`Reading documents: ${done}/${documents.length}`);
    const reading = { signal, onProgress };
    const found = await extractAll(run.extractor, documents, run.task, reading);
    const { symmetricRelations } = run;
    const scores = scoreExtraction(documents, found, { trainFacts: facts, symmetricRelations });
    const curve =
      run.scoreAll && (await drawCurve(run.scoreAll, run.extractor, documents, { ...reading, trainFacts: facts }));
    const metrics = { ...scores.metrics, ...curveMetrics(curve) };
    const interval = intervalOf(documents, found);
    const details = found.task === "sentence" ? detailSentences(documents, found) : undefined;
    const metric = MAIN_METRIC[run.task];
    if (json !== undefined) {
      const written = { ...scores, metrics, interval: { metric, level: CONFIDENCE, interval }, ...details };
      await writeJson(json, written);
    }

    terminal.out(formatMetrics(metrics));
    const bounds = interval.map(formatPercent).join(" and ");
    terminal.out(`${metric} lies between ${bounds} with ${100 * CONFIDENCE} % confidence.`);
    if (details !== undefined) terminal.out(`\n${formatDetails(details)}\n`);
    const { correct, predicted, gold } = scores.counts;
    terminal.out(`${documents.length} documents; ${correct} facts right of ${predicted} found and ${gold} labelled.`);
  } finally {
    run.extractor.dispose();
  }
}

function formatMetrics(metrics: SplitScores["metrics"]): string {
  return formatTable(
    ["score", "percent"],
    Object.entries(metrics).map(([name, value]) => [name, formatPercent(value)]),
  );
}

/** Where the main score lies, in percent. */
function intervalOf(documents: readonly Document[], found: Extraction): readonly [low: number, high: number] {
  const counts =
    found.task === "document"
      ? countsByDocument(documents, found.relations)
      : sentenceCountsByDocument(documents, found, "relations");
  // Always the same draws: the interval is a property of the predictions.
  const { low, high } = bootstrapInterval(counts, { random: createRandom(0), confidence: CONFIDENCE });
  return [100 * low, 100 * high];
}

/** Says which labels the model cannot find; refuses documents that have none it can. */
function noticeUnknown(what: string, labelled: readonly string[], known: readonly string[], terminal: Terminal): void {
  const unknown = labelled.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const shown = unknown.slice(0, 5).join(", ");
  if (unknown.length === labelled.length) {
    throw new RangeError(
      `Documents must have ${what} that the model knows (${known.slice(0, 5).join(", ")}, …), got ${shown}.`,
    );
  }
  terminal.notice(
    `The model does not know ${unknown.length} of ${labelled.length} ${what}, which count as missed: ${shown}.`,
  );
}
