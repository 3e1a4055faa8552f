import { type EntityRelation, loadDocuments, requireUniqueIds, toDocredSubmission } from "@relatum/datasets";

import type { CommandContext } from "../command-context.ts";
import { documentsFor } from "../data.ts";
import type { DataFormat } from "../experiment.ts";
import { loadRun, type LoadRunOptions } from "../load-run.ts";
import { formatFound } from "../predictions.ts";
import { extractChunks } from "../scoring.ts";
import { writeInPieces, writeWhole } from "../write-file.ts";

/** Options of the command `predict`. */
export interface PredictCommandOptions extends LoadRunOptions {
  /** `-` = standard input, a document a line. */
  readonly file: string;
  readonly format: DataFormat;
  /** To be given unless standard input is read, which is answered on standard output. */
  readonly out?: string;
  readonly submission?: string;
}

/**
 * Writes what the model of a run finds in the documents of a file or a stream; labels are neither needed nor read.
 *
 * With the format `docred`, an `--out` that ends in `.json` is the submission file itself. With the format `scierc`, what a
 * model of sentences finds is written in that form too, as `predicted_ner` and `predicted_relations` with their scores.
 */
export async function predictCommand(
  runDirectory: string,
  { file, format, out, submission, ...options }: PredictCommandOptions,
  context: CommandContext,
): Promise<void> {
  if (file === "-") {
    if (out !== undefined || submission !== undefined) {
      throw new RangeError("out and submission must be left out where standard input is read, got one.");
    }
    return (await import("./predict-stream.ts")).predictStream(runDirectory, { format, ...options }, context);
  }
  if (out === undefined) throw new RangeError("out must be a file, got none. Add --out FILE.");
  const { signal, terminal } = context;
  const onlySubmission = format === "docred" && out.endsWith(".json");
  const submissionFile = submission ?? (onlySubmission ? out : undefined);
  const read = await loadDocuments(file, format);
  requireUniqueIds(read);

  const run = await loadRun(runDirectory, context, options);
  const documents = documentsFor(run.task, read);
  const found: EntityRelation[] = [];
  let count = 0;
  try {
    const onProgress = (done: number): void => terminal.status(`Reading documents: ${done}/${documents.length}`);
    const predict = async (write: (text: string) => Promise<void>): Promise<void> => {
      for await (const chunk of extractChunks(run.extractor, documents, { signal, onProgress })) {
        await write(formatFound(chunk.documents, chunk.extraction, format));
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
