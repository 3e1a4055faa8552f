import { fileURLToPath } from "node:url";

import type { PaperAdapter } from "../adapter.ts";
import { findAdapters } from "../adapters.ts";
import type { CommandContext } from "../command-context.ts";

/** The file of the adapter without tensors. */
export const TOY_ADAPTER: string = fileURLToPath(new URL("toy-adapter.mjs", import.meta.url));

/** The file of the adapter without tensors that finds spans and relations in sentences. */
export const TOY_SENTENCE_ADAPTER: string = fileURLToPath(new URL("toy-sentence-adapter.mjs", import.meta.url));

/** Loads the adapter without tensors. */
export async function loadToyAdapter(file: string = TOY_ADAPTER): Promise<PaperAdapter> {
  const [adapter] = await findAdapters({ from: [], modules: [file] });
  if (adapter === undefined) throw new Error("The toy adapter is missing.");
  return adapter;
}

/** A context that keeps what is printed and starts no engine. */
export function toyContext(
  signal: AbortSignal = new AbortController().signal,
  adapter: string = TOY_ADAPTER,
): CommandContext & {
  readonly printed: string[];
  readonly notices: string[];
} {
  const notices: string[] = [];
  const printed: string[] = [];
  return {
    printed,
    notices,
    signal,
    command: "relatum-bench something",
    terminal: {
      out: (text) => void printed.push(text),
      notice: (text) => void notices.push(text),
      status: () => undefined,
      clear: () => undefined,
    },
    startEngine: () => Promise.resolve({ engine: "native", notice: "" }),
    findAdapters: async () => [await loadToyAdapter(adapter)],
  };
}
