import type { EngineInUse } from "@relatum/tensor-utils/native";

import type { PaperAdapter } from "./adapter.ts";
import type { Terminal } from "./terminal.ts";

/** What every command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
  /** The command line, as it can be typed again. */
  readonly command: string;
  /** Chooses the engine and says which, the first time; to be called before anything makes a tensor. */
  readonly startEngine: () => Promise<EngineInUse>;
  /** Finds the papers that are installed; at least the one named, where it is. */
  readonly findAdapters: (paper?: string) => Promise<PaperAdapter[]>;
}
