/** What defines a GAIN model, apart from its weights. Build one with {@link defineGainConfig}. */
export interface GainConfig {
  /** Relation names in label order; label 0, "no relation", is implied and not listed. */
  readonly relations: readonly string[];
  /** Types of mentions in the order of their embeddings; others count as no type. */
  readonly entityTypes: readonly string[];
  /** Width of the embedding of a token's entity type. */
  readonly typeSize: number;
  /** Width of the embedding of a token's entity number, the paper's coreference embedding. */
  readonly entityIdSize: number;
  /** Entities per document that have an embedding of their number; later ones count as none there. */
  readonly maxEntities: number;
  /** Width of one direction of the BiLSTM; only models on vectors of words have one. */
  readonly lstmSize: number;
  /** Layers of the BiLSTM. */
  readonly lstmLayers: number;
  /** Layers of the graph convolution. */
  readonly graphLayers: number;
  /** Share of values dropped after each layer of the head, 0–1. */
  readonly dropout: number;
  /** The paper's σ. */
  readonly activation: "relu" | "tanh";
  /** Whether mentions form a graph; otherwise the graph convolution runs over entities, as in Table 3. */
  readonly mentionGraph: boolean;
  /** Whether pairs are classified from the paths between them too. */
  readonly inference: boolean;
  /** Whether the mention graph has a node for the document, from which pairs are classified too. */
  readonly documentNode: boolean;
  /** How paths are joined: by their plain sum, as the released code computes, or by a softmax over them, as in the paper. */
  readonly pathAttention: "sum" | "softmax";
  /** Longest input in tokens, special tokens included; longer documents are cut. */
  readonly maxTokens: number;
  /** What becomes of mentions that are cut: a rule of ours, or what the released code does; see PAPER.md. */
  readonly edgeCases: "defined" | "released";
  /** Pairs without a relation that train for each one with a relation; null = all there are. */
  readonly negativesPerPositive: number | null;
  /** The fewest pairs without a relation that train per document, if there are so many. */
  readonly leastNegatives: number;
  /** How learning rates go on after the warm-up. */
  readonly schedule: "constant" | "linear" | "cosine";
  /** The least probability of a relation that is returned; null until chosen on development documents. */
  readonly threshold: number | null;
}

/** DocRED's types of mentions, in the order of its `ner2id.json`. */
const DOCRED_TYPES = ["ORG", "LOC", "NUM", "TIME", "MISC", "PER"] as const;

/** The full model on BERT; see PAPER.md, "Hyperparameters". */
const PAPER_DEFAULTS = {
  entityTypes: DOCRED_TYPES,
  typeSize: 20,
  entityIdSize: 20,
  maxEntities: 80,
  lstmSize: 256,
  lstmLayers: 1,
  graphLayers: 2,
  dropout: 0.6,
  activation: "relu",
  mentionGraph: true,
  inference: true,
  documentNode: true,
  pathAttention: "sum",
  maxTokens: 511,
  edgeCases: "defined",
  negativesPerPositive: 4,
  leastNegatives: 20,
  schedule: "constant",
  threshold: null,
} as const satisfies Omit<GainConfig, "relations">;

/** Settings that turn the full model into those of Table 3, and into the one that the text describes. */
export const GAIN_VARIANTS: Readonly<Record<GainVariant, Partial<GainConfig>>> = {
  full: {},
  "without mention graph": { mentionGraph: false },
  "without inference module": { inference: false },
  "without document node": { documentNode: false },
  "with a softmax over paths": { pathAttention: "softmax" },
};

/** A model of the paper's tables, or of its text. */
export type GainVariant =
  | "full"
  | "without mention graph"
  | "without inference module"
  | "without document node"
  | "with a softmax over paths";

/**
 * Fills in the paper's values and checks the result.
 *
 * @throws {RangeError} If a value is impossible; the message names the field, the rule and the value.
 */
export function defineGainConfig(settings: Pick<GainConfig, "relations"> & Partial<GainConfig>): GainConfig {
  const config: GainConfig = { ...PAPER_DEFAULTS, ...settings };
  checkNames("relations", config.relations);
  checkNames("entityTypes", config.entityTypes);
  for (const field of ["typeSize", "entityIdSize", "maxEntities", "lstmSize", "lstmLayers", "graphLayers"] as const) {
    requireSetting(field, Number.isInteger(config[field]) && config[field] >= 1, "a positive integer", config[field]);
  }
  const { maxTokens, dropout, negativesPerPositive, leastNegatives, threshold } = config;
  requireSetting("maxTokens", Number.isInteger(maxTokens) && maxTokens >= 3, "an integer from 3", maxTokens);
  requireSetting("dropout", dropout >= 0 && dropout < 1, "in [0, 1)", dropout);
  requireSetting("leastNegatives", Number.isInteger(leastNegatives) && leastNegatives >= 0, "≥ 0", leastNegatives);
  if (negativesPerPositive !== null) {
    const isSound = negativesPerPositive >= 0 && Number.isFinite(negativesPerPositive);
    requireSetting("negativesPerPositive", isSound, "≥ 0, or null for all", negativesPerPositive);
  }
  if (threshold !== null) requireSetting("threshold", threshold >= 0 && Number.isFinite(threshold), "≥ 0", threshold);
  const { relations, entityTypes } = config;
  return Object.freeze({
    ...config,
    relations: Object.freeze([...relations]),
    entityTypes: Object.freeze([...entityTypes]),
  });
}

function checkNames(field: string, names: readonly string[]): void {
  if (names.length === 0) throw new RangeError(`${field} must hold a name, got none.`);
  const seen = new Set<string>();
  const repeated = names.find((name) => seen.size === seen.add(name).size);
  if (repeated !== undefined) throw new RangeError(`${field} must differ, got "${repeated}" twice.`);
}

function requireSetting(field: string, holds: boolean, rule: string, value: number): void {
  if (!holds) throw new RangeError(`${field} must be ${rule}, got ${value}.`);
}
