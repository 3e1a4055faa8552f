import { fileURLToPath } from "node:url";

import type { PaperAdapter } from "../adapter.ts";
import { findAdapters } from "../adapters.ts";
import type { CommandContext } from "../command-context.ts";

/** The file of the adapter without tensors. */
export const TOY_ADAPTER: string = fileURLToPath(new URL("toy-adapter.mjs", import.meta.url));

/** Loads the adapter without tensors. */
export async function loadToyAdapter(): Promise<PaperAdapter> {
  const [adapter] = await findAdapters({ from: [], modules: [TOY_ADAPTER] });
  if (adapter === undefined) throw new Error("The toy adapter is missing.");
  return adapter;
}

/** A context that keeps what is printed and starts no engine. */
export function toyContext(signal: AbortSignal = new AbortController().signal): CommandContext & {
  readonly printed: string[];
} {
  const printed: string[] = [];
  return {
    printed,
    signal,
    command: "relatum-bench something",
    terminal: {
      out: (text) => void printed.push(text),
      notice: () => undefined,
      status: () => undefined,
      clear: () => undefined,
    },
    startEngine: () => Promise.resolve({ engine: "native", notice: "" }),
    findAdapters: async () => [await loadToyAdapter()],
  };
}
