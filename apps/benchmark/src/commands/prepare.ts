import type { CommandContext } from "../command-context.ts";

/** Options of the command `prepare`. */
export interface PrepareCommandOptions {
  readonly data?: string;
}

/** Stand-in until the catalog lands. */
export async function prepareCommand(
  datasets: readonly string[],
  _options: PrepareCommandOptions,
  _context: CommandContext,
): Promise<void> {
  throw new RangeError(`dataset must be one of the catalog, got ${datasets.join(", ")}.`);
}
