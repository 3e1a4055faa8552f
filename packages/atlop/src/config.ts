/** What defines an ATLOP model, apart from its weights. Build one with {@link defineAtlopConfig}. */
export interface AtlopConfig {
  /** Relation names in label order; label 0, the threshold class, is implied and not listed. */
  readonly relations: readonly string[];
  /** Width of the head and tail vectors fed to the classifier. */
  readonly pairSize: number;
  /** Width of one block of the group bilinear; must divide `pairSize`. */
  readonly blockSize: number;
  /** Most relations returned per entity pair under adaptive thresholds; null = no limit. */
  readonly maxRelationsPerPair: number | null;
  /** Longest input in tokens, special tokens included; longer documents are cut. */
  readonly maxTokens: number;
  /** What is trained: the paper's loss, or independent labels as in the enhanced baseline. */
  readonly loss: "adaptive-threshold" | "binary-cross-entropy";
  /** What a relation's score must reach: the pair's threshold class, one probability, or one probability a relation. */
  readonly threshold: "adaptive" | "global" | "per-relation";
  /** Probabilities chosen on development documents, one a relation; empty until chosen and when adaptive. */
  readonly thresholds: readonly number[];
  /** Whether a pair's vectors also see the context that both entities attend to. */
  readonly localizedContext: boolean;
  /** Whether mentions are wrapped in `*` tokens, whose vectors then stand for them. */
  readonly entityMarkers: boolean;
  readonly classifier: "group-bilinear" | "bilinear";
  /** How an entity's mentions become one vector. */
  readonly entityPooling: "logsumexp" | "mean";
  /** How inputs over 512 tokens are cut: without gaps, or as the authors' released code does. */
  readonly windows: "complete" | "released";
}

/** The full model with DocRED's sizes; see PAPER.md, "Hyperparameters". */
const PAPER_DEFAULTS = {
  pairSize: 768,
  blockSize: 64,
  maxRelationsPerPair: 4,
  maxTokens: 1024,
  loss: "adaptive-threshold",
  threshold: "adaptive",
  thresholds: [],
  localizedContext: true,
  entityMarkers: true,
  classifier: "group-bilinear",
  entityPooling: "logsumexp",
  windows: "complete",
} as const satisfies Omit<AtlopConfig, "relations">;

/** Settings that turn the full model into those of Tables 3, 5 and 6, by the names of those tables. */
export const ATLOP_VARIANTS: Readonly<Record<AtlopVariant, Partial<AtlopConfig>>> = {
  full: {},
  "without adaptive thresholding": { loss: "binary-cross-entropy", threshold: "global" },
  "without localized context pooling": { localizedContext: false },
  "without adaptive-thresholding loss": { loss: "binary-cross-entropy", threshold: "adaptive" },
  "per-class thresholding": { loss: "binary-cross-entropy", threshold: "per-relation" },
  enhanced: { loss: "binary-cross-entropy", threshold: "global", localizedContext: false },
  "enhanced without entity marker": {
    loss: "binary-cross-entropy",
    threshold: "global",
    localizedContext: false,
    entityMarkers: false,
  },
  "enhanced without group bilinear": {
    loss: "binary-cross-entropy",
    threshold: "global",
    localizedContext: false,
    classifier: "bilinear",
  },
  "enhanced without logsumexp pooling": {
    loss: "binary-cross-entropy",
    threshold: "global",
    localizedContext: false,
    entityPooling: "mean",
  },
  baseline: {
    loss: "binary-cross-entropy",
    threshold: "global",
    localizedContext: false,
    entityMarkers: false,
    classifier: "bilinear",
    entityPooling: "mean",
  },
};

/** A model of the paper's tables. */
export type AtlopVariant =
  | "full"
  | "without adaptive thresholding"
  | "without localized context pooling"
  | "without adaptive-thresholding loss"
  | "per-class thresholding"
  | "enhanced"
  | "enhanced without entity marker"
  | "enhanced without group bilinear"
  | "enhanced without logsumexp pooling"
  | "baseline";

/**
 * Fills in the paper's values and checks the result.
 *
 * Keeps at most as many relations per pair as there are: the default of 4 needs no change for small label sets.
 *
 * @throws {RangeError} If a value is impossible; the message names the field, the rule and the value.
 */
export function defineAtlopConfig(settings: Pick<AtlopConfig, "relations"> & Partial<AtlopConfig>): AtlopConfig {
  const { relations } = settings;
  const maxRelationsPerPair = Math.min(PAPER_DEFAULTS.maxRelationsPerPair, relations.length);
  const config: AtlopConfig = { ...PAPER_DEFAULTS, maxRelationsPerPair, ...settings };
  checkSizes(config);
  checkThresholds(config);
  return Object.freeze({ ...config, relations: Object.freeze([...relations]) });
}

function checkSizes(config: AtlopConfig): void {
  const { relations, pairSize, blockSize, maxRelationsPerPair } = config;
  if (relations.length === 0) throw new RangeError("relations must name at least one relation, got none.");
  const repeated = findRepeated(relations);
  if (repeated !== undefined) throw new RangeError(`relations must differ, got "${repeated}" twice.`);
  for (const field of ["pairSize", "blockSize", "maxTokens"] as const) requireCount(field, config[field]);
  if (pairSize % blockSize !== 0) {
    throw new RangeError(`blockSize must divide pairSize (${pairSize}), got ${blockSize}.`);
  }
  if (maxRelationsPerPair === null) return;
  requireCount("maxRelationsPerPair", maxRelationsPerPair);
  if (maxRelationsPerPair > relations.length + 1) {
    const labels = relations.length + 1;
    throw new RangeError(`maxRelationsPerPair must be at most the ${labels} labels, got ${maxRelationsPerPair}.`);
  }
}

function checkThresholds({ loss, threshold, thresholds, relations }: AtlopConfig): void {
  if (loss === "adaptive-threshold" && threshold !== "adaptive") {
    throw new RangeError(`threshold must be "adaptive" under the adaptive-threshold loss, got "${threshold}".`);
  }
  if (thresholds.length === 0) return;
  if (threshold === "adaptive")
    throw new RangeError(`thresholds must be empty when adaptive, got ${thresholds.length}.`);
  if (thresholds.length !== relations.length) {
    throw new RangeError(
      `thresholds must hold one for each of ${relations.length} relations, got ${thresholds.length}.`,
    );
  }
  // A relation that is never to be returned has a threshold above every probability.
  const wrong = thresholds.find((value) => !(value >= 0 && Number.isFinite(value)));
  if (wrong !== undefined) throw new RangeError(`thresholds must be numbers ≥ 0, got ${wrong}.`);
}

function requireCount(field: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${field} must be a positive integer, got ${value}.`);
}

function findRepeated(names: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return names.find((name) => seen.size === seen.add(name).size);
}
