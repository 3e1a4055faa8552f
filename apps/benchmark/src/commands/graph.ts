import { type Document, type EntityPair, loadDocuments } from "@relatum/datasets";

import type { PaperAdapter } from "../adapter.ts";
import { AdapterError, pickAdapter } from "../adapters.ts";
import type { CommandContext } from "../command-context.ts";
import type { DataFormat } from "../experiment.ts";
import { formatGraphSvg } from "../graph-svg.ts";
import { writeWhole } from "../write-file.ts";

/** Options of the command `graph`. */
export interface GraphCommandOptions {
  readonly format: DataFormat;
  readonly out: string;
  readonly paper?: string;
  /** A document's id, or its number in the file, from 0. */
  readonly document?: string;
  readonly pair?: EntityPair;
}

/**
 * Draws the graphs that a paper builds of a document, as an SVG file.
 *
 * @throws {RangeError} If the file has no such document, or the document no such entity.
 */
export async function graphCommand(
  file: string,
  { format, out, paper, document: name, pair }: GraphCommandOptions,
  { findAdapters, terminal }: CommandContext,
): Promise<void> {
  const adapter = await pickDrawer(await findAdapters(paper), paper);
  const document = findDocument(await loadDocuments(file, format), name);
  const drawings = adapter.describeGraphs?.(document, pair) ?? [];
  await writeWhole(out, formatGraphSvg(drawings));
  const [nodes, edges] = [drawings.flatMap((drawing) => drawing.nodes), drawings.flatMap((drawing) => drawing.edges)];
  terminal.out(`${adapter.title}, document "${document.id}": ${nodes.length} nodes, ${edges.length} edges: ${out}`);
}

/** The paper asked for, or the first that draws. */
async function pickDrawer(adapters: readonly PaperAdapter[], paper: string | undefined): Promise<PaperAdapter> {
  const adapter =
    paper === undefined
      ? adapters.find(({ describeGraphs }) => describeGraphs !== undefined)
      : pickAdapter(adapters, paper);
  if (adapter?.describeGraphs !== undefined) return adapter;
  throw new AdapterError(`paper must be one that builds graphs of documents, got ${paper ?? "none that does"}.`);
}

function findDocument(documents: readonly Document[], name = "0"): Document {
  const document = documents.find(({ id }) => id === name) ?? documents[/^\d+$/.test(name) ? Number(name) : -1];
  if (document !== undefined) return document;
  throw new RangeError(`document must be an id or a number below ${documents.length}, got "${name}".`);
}
