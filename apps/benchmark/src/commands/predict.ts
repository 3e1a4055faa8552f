import {
  type Document,
  type EntityRelation,
  type Extraction,
  formatSciErc,
  loadDocuments,
  requireUniqueIds,
  toDocredSubmission,
} from "@relatum/datasets";

import type { CommandContext } from "../command-context.ts";
import { documentsFor } from "../data.ts";
import type { DataFormat } from "../experiment.ts";
import { loadRun } from "../load-run.ts";
import { formatPredictions } from "../predictions.ts";
import { extractChunks } from "../scoring.ts";
import { writeInPieces, writeWhole } from "../write-file.ts";

/** Options of the command `predict`. */
export interface PredictCommandOptions {
  readonly file: string;
  readonly format: DataFormat;
  readonly out: string;
  readonly submission?: string;
}

/**
 * Writes what the model of a run finds in the documents of a file; labels are neither needed nor read.
 *
 * With the format `docred`, an `--out` that ends in `.json` is the submission file itself. With the format `scierc`, what a
 * model of sentences finds is written in that form too, as `predicted_ner` and `predicted_relations` with their scores.
 */
export async function predictCommand(
  runDirectory: string,
  { file, format, out, submission }: PredictCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { signal, terminal } = context;
  const onlySubmission = format === "docred" && out.endsWith(".json");
  const submissionFile = submission ?? (onlySubmission ? out : undefined);
  const read = await loadDocuments(file, format);
  requireUniqueIds(read);

  const run = await loadRun(runDirectory, context);
  const documents = documentsFor(run.task, read);
  const found: EntityRelation[] = [];
  let count = 0;
  try {
    const onProgress = (done: number): void => terminal.status(`Reading documents: ${done}/${documents.length}`);
    const predict = async (write: (text: string) => Promise<void>): Promise<void> => {
      for await (const chunk of extractChunks(run.extractor, documents, { signal, onProgress })) {
        await write(formatChunk(chunk.documents, chunk.extraction, format));
        count += chunk.extraction.relations.length;
        if (submissionFile !== undefined && chunk.extraction.task === "document") {
          found.push(...chunk.extraction.relations);
        }
      }
    };
    await (onlySubmission ? predict(async () => undefined) : writeInPieces(out, predict));
  } finally {
    run.extractor.dispose();
  }
  if (submissionFile !== undefined) await writeWhole(submissionFile, `${JSON.stringify(toDocredSubmission(found))}\n`);
  terminal.out(
    `${count} relations in ${documents.length} documents: ${[onlySubmission ? [] : [out], submissionFile ?? []].flat().join(", ")}`,
  );
}

function formatChunk(documents: readonly Document[], found: Extraction, format: DataFormat): string {
  if (format !== "scierc" || found.task !== "sentence") return formatPredictions(documents, found);
  return formatSciErc(documents, { predictions: found });
}
