import { DatasetFormatError, type Document, parseBiomedicalTable, parseDocred, parseSciErc } from "@relatum/datasets";

import type { CommandContext } from "../command-context.ts";
import { documentsFor } from "../data.ts";
import type { DataFormat } from "../experiment.ts";
import { groupLines, LONGEST_LINE, type StreamLine } from "../line-stream.ts";
import { type LoadedRun, loadRun, type LoadRunOptions } from "../load-run.ts";
import { formatFound } from "../predictions.ts";
import { CHUNK_SIZE } from "../scoring.ts";
import { type Streams, standardStreams } from "../standard-streams.ts";
import { checkStop, InterruptedError, takeTurn } from "../stop.ts";

/** How {@link predictStream} reads. */
export interface PredictStreamOptions extends LoadRunOptions {
  readonly format: DataFormat;
}

/** A document with the line that it came in. */
interface Numbered {
  readonly line: number;
  readonly document: Document;
}

/** Readers of a document in one line, by format. */
const LINE_PARSERS: Readonly<Partial<Record<DataFormat, (text: string) => readonly Document[]>>> = {
  docred: (text) => parseDocred([JSON.parse(text)]),
  scierc: (text) => parseSciErc(text),
  "biomedical-table": (text) => parseBiomedicalTable(text),
};

/**
 * Reads documents from standard input, one a line, and writes what a run's model finds in each as a line, in order.
 *
 * A document is read as soon as it has come; what has been written is forgotten. Where nobody reads any more, the command
 * ends. A line that cannot be read is told of and has no line in the output.
 *
 * @throws {DatasetFormatError} At the end, if there were such lines.
 * @throws {InterruptedError} If the signal fires.
 */
export async function predictStream(
  runDirectory: string,
  { format, ...options }: PredictStreamOptions,
  context: CommandContext,
  streams: Streams = standardStreams(context.signal),
): Promise<void> {
  const parse = LINE_PARSERS[format];
  if (parse === undefined) {
    const known = Object.keys(LINE_PARSERS).join(", ");
    throw new RangeError(`format must have a document a line to be read from a stream (${known}), got ${format}.`);
  }
  const { signal, terminal } = context;
  const run = await loadRun(runDirectory, context, options);
  const refused = (line: number, error: unknown): void =>
    terminal.notice(
      `line ${line}: ${error instanceof Error ? error.message.replace(/^(?:\[0\]|line 1)[. ]?/, "") : String(error)}`,
    );
  let [read, bad] = [0, 0];
  try {
    for await (const group of groupLines(streams.input)) {
      const documents = group.flatMap((line) => {
        try {
          return parseLine(line, parse, run.task);
        } catch (error) {
          bad += 1;
          refused(line.number, error);
          return [];
        }
      });
      for (const chunk of cutChunks(documents)) {
        await takeTurn();
        checkStop(signal);
        const { text, failed } = await extractLines(run, chunk, format);
        for (const { line, error } of failed) refused(line, error);
        bad += failed.length;
        read += chunk.length - failed.length;
        if (!(await streams.write(text))) return;
      }
      terminal.status(`Documents read: ${read}`);
    }
  } catch (error) {
    if (signal.aborted) throw new InterruptedError(false, { cause: error });
    throw error;
  } finally {
    run.extractor.dispose();
  }
  terminal.notice(`${read} documents read.`);
  if (bad > 0) throw new DatasetFormatError("Standard input", `must hold documents only, got ${bad} lines of others.`);
}

function parseLine(
  { number, text }: StreamLine,
  parse: (text: string) => readonly Document[],
  task: LoadedRun["task"],
): Numbered[] {
  if (text === undefined) throw new RangeError(`must have at most ${LONGEST_LINE} characters, got more.`);
  if (text.trim() === "") return [];
  return documentsFor(task, parse(text)).map((document) => ({ line: number, document }));
}

/** Groups documents to be read at a time, none with the id of another: what is found names documents by their id. */
function cutChunks(documents: readonly Numbered[]): Numbered[][] {
  const chunks: Numbered[][] = [];
  let ids = new Set<string>();
  for (const one of documents) {
    const last = chunks.at(-1);
    if (last === undefined || last.length === CHUNK_SIZE || ids.has(one.document.id)) {
      chunks.push([one]);
      ids = new Set();
    } else {
      last.push(one);
    }
    ids.add(one.document.id);
  }
  return chunks;
}

/** What the model finds, as lines; if it cannot read the documents together, each by itself. */
async function extractLines(
  run: LoadedRun,
  chunk: readonly Numbered[],
  format: DataFormat,
): Promise<{ readonly text: string; readonly failed: readonly { readonly line: number; readonly error: unknown }[] }> {
  const documents = chunk.map(({ document }) => document);
  try {
    return { text: formatFound(documents, await run.extractor.extract(documents), format), failed: [] };
  } catch (error) {
    const [first, ...others] = chunk;
    if (first === undefined || others.length === 0) {
      return { text: "", failed: first === undefined ? [] : [{ line: first.line, error }] };
    }
    const parts = [];
    for (const one of chunk) parts.push(await extractLines(run, [one], format));
    return { text: parts.map(({ text }) => text).join(""), failed: parts.flatMap(({ failed }) => failed) };
  }
}
