import { DATASETS, prepareDataset } from "@relatum/datasets";

import type { CommandContext } from "../command-context.ts";
import { dataCache } from "../data-cache.ts";
import { InterruptedError } from "../stop.ts";
import { formatTable } from "../text-table.ts";

/** Options of the command `prepare`. */
export interface PrepareCommandOptions {
  readonly data?: string;
}

/** Finds or downloads the files of data sets, checks them, and prints where they are; lists what there is without a name. */
export async function prepareCommand(
  names: readonly string[],
  { data }: PrepareCommandOptions,
  { signal, terminal }: CommandContext,
): Promise<void> {
  if (names.length === 0) {
    const rows = DATASETS.map(({ name, title, format, licence }) => [name, title, format, licence]);
    terminal.out(formatTable(["name", "data set", "format", "licence"], rows));
    return;
  }
  for (const name of names) {
    const { title, licence, files } = await prepareDataset(name, {
      cache: data ?? dataCache(process.env),
      ...(data !== undefined && { directory: data }),
      signal,
      onProgress: ({ file, receivedBytes, totalBytes }) => {
        const total = totalBytes === undefined ? "" : ` of ${formatMegabytes(totalBytes)}`;
        terminal.status(`Downloading ${file}: ${formatMegabytes(receivedBytes)}${total}`);
      },
    }).catch((error: unknown) => {
      throw signal.aborted ? new InterruptedError(true, { cause: error }) : error;
    });
    terminal.out(`${title} is there, size and SHA-256 as expected; licence: ${licence}.`);
    for (const [role, path] of Object.entries(files)) terminal.out(`  ${role}: ${path}`);
  }
}

function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
