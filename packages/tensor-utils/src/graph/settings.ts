/** How recorded functions run. */
export interface GraphSettings {
  /** Whether they run as graphs where the engine has them; plain tfjs otherwise. */
  readonly enabled: boolean;
  /**
   * Of what numbers graphs make matrix products of weights and activations; sums stay float32. `bf16` keeps 8 of 24
   * bits: faster where the processor has instructions for it, much slower where it has none.
   */
  readonly products: "float32" | "bf16";
}

let settings: GraphSettings = { enabled: true, products: "float32" };

/** The settings in force. */
export function graphSettings(): GraphSettings {
  return settings;
}

/**
 * Changes how recorded functions run from now on, in the whole process.
 *
 * @returns The settings before, to be put back by another call.
 */
export function useGraphs(changes: Partial<GraphSettings>): GraphSettings {
  const before = settings;
  settings = { ...settings, ...changes };
  return before;
}
