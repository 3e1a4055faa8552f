/** What defines a PURE model, apart from its weights. Build one with {@link definePureConfig}. */
export interface PureConfig {
  /** Entity types in label order; label 0, no entity, is implied and not listed. */
  readonly entityTypes: readonly string[];
  /** Relation names in label order; label 0, no relation, is implied and not listed. */
  readonly relations: readonly string[];
  /** Relations without a direction, some of `relations`: trained both ways, returned once a pair. */
  readonly symmetricRelations: readonly string[];
  /** Longest span that can be an entity, in words. */
  readonly maxSpanWords: number;
  /** Width of the vectors that stand for span widths. */
  readonly widthEmbeddingSize: number;
  /** Width of the two hidden layers of the feed-forward networks. */
  readonly headSize: number;
  /** Share of the hidden units of a feed-forward network that training drops, 0–1. */
  readonly headDropout: number;
  /** Share of the numbers of an encoder's output that training drops, 0–1; 0 for ALBERT-xxlarge. */
  readonly outputDropout: number;
  /** Words that the entity model sees at the most, the sentence's own among them; 0 = the sentence alone. */
  readonly entityContextWords: number;
  /** Words that the relation model sees at the most, the sentence's own among them; 0 = the sentence alone. */
  readonly relationContextWords: number;
  /** What the relation model is told of a pair: a row of the paper's Table 4. */
  readonly relationInput: PureRelationInput;
  /** Width of the vectors that stand for entity types where `relationInput` has them. */
  readonly typeEmbeddingSize: number;
  /** Whether markers stand behind the text and many pairs share one sequence, instead of one sequence a pair. */
  readonly approximate: boolean;
  /** Whether training too puts many pairs behind one text; the paper does so in inference only. */
  readonly batchedTraining: boolean;
  /** Which spans the relation model is trained on: a row of the paper's Table 6. */
  readonly relationSpans: "gold" | "jack-knifed" | "pruned";
  /** Whether `extract` finds the entities itself, or takes those that documents come with, as Table 4 does with gold ones. */
  readonly entitySource: "predicted" | "given";
  /** Spans kept per word of the sentence where spans are pruned: the paper's λ. */
  readonly spansPerWord: number;
  /** Two encoders; one encoder for both models (Table 5); or the joint baseline without markers (Table 7). */
  readonly architecture: "separate" | "shared" | "joint";
  /** Longest input of the relation model in tokens, markers and special tokens included. */
  readonly maxTokens: number;
}

/** The inputs of the paper's Table 4. */
export type PureRelationInput = "text" | "text-etype" | "markers" | "markers-etype" | "markers-eloss" | "typed-markers";

/** The final model with cross-sentence context; see PAPER.md, "Hyperparameters". */
const PAPER_DEFAULTS = {
  symmetricRelations: [],
  maxSpanWords: 8,
  widthEmbeddingSize: 150,
  headSize: 150,
  headDropout: 0.2,
  outputDropout: 0.1,
  entityContextWords: 300,
  relationContextWords: 100,
  relationInput: "typed-markers",
  typeEmbeddingSize: 150,
  approximate: false,
  batchedTraining: false,
  relationSpans: "gold",
  entitySource: "predicted",
  spansPerWord: 0.4,
  architecture: "separate",
  maxTokens: 256,
} as const satisfies Omit<PureConfig, "entityTypes" | "relations">;

const SINGLE_SENTENCE = { entityContextWords: 0, relationContextWords: 0, maxTokens: 128 } as const;
const JOINT = { architecture: "joint", relationInput: "text", relationSpans: "pruned", entityContextWords: 0 } as const;

/** Settings that turn the final model into those of Tables 1 and 3 to 7, by the names of those tables. */
export const PURE_VARIANTS: Readonly<Record<PureVariant, Partial<PureConfig>>> = {
  full: {},
  "single-sentence": SINGLE_SENTENCE,
  approximate: { approximate: true, maxTokens: 250 },
  "single-sentence approximate": { ...SINGLE_SENTENCE, approximate: true, maxTokens: 250 },
  text: { relationInput: "text" },
  textEType: { relationInput: "text-etype" },
  markers: { relationInput: "markers" },
  markersEType: { relationInput: "markers-etype" },
  markersELoss: { relationInput: "markers-eloss" },
  typedMarkers: { relationInput: "typed-markers" },
  "text, gold entities": { relationInput: "text", entitySource: "given" },
  "textEType, gold entities": { relationInput: "text-etype", entitySource: "given" },
  "markers, gold entities": { relationInput: "markers", entitySource: "given" },
  "markersEType, gold entities": { relationInput: "markers-etype", entitySource: "given" },
  "markersELoss, gold entities": { relationInput: "markers-eloss", entitySource: "given" },
  "typedMarkers, gold entities": { relationInput: "typed-markers", entitySource: "given" },
  "approximate, gold entities": { approximate: true, maxTokens: 250, entitySource: "given" },
  "shared encoder": { architecture: "shared" },
  "10-way jackknifing": { relationSpans: "jack-knifed" },
  "0.4n spans (typed)": { relationSpans: "pruned" },
  "0.4n spans (untyped)": { relationSpans: "pruned", relationInput: "markers" },
  "0.4n spans (untyped + eloss)": { relationSpans: "pruned", relationInput: "markers-eloss" },
  joint: JOINT,
  "10 % of training data": SINGLE_SENTENCE,
  "joint, 10 % of training data": JOINT,
  "25 % of training data": SINGLE_SENTENCE,
  "joint, 25 % of training data": JOINT,
  "50 % of training data": SINGLE_SENTENCE,
  "joint, 50 % of training data": JOINT,
};

/** A model of the paper's tables. */
export type PureVariant =
  | "full"
  | "single-sentence"
  | "approximate"
  | "single-sentence approximate"
  | "text"
  | "textEType"
  | "markers"
  | "markersEType"
  | "markersELoss"
  | "typedMarkers"
  | "text, gold entities"
  | "textEType, gold entities"
  | "markers, gold entities"
  | "markersEType, gold entities"
  | "markersELoss, gold entities"
  | "typedMarkers, gold entities"
  | "approximate, gold entities"
  | "shared encoder"
  | "10-way jackknifing"
  | "0.4n spans (typed)"
  | "0.4n spans (untyped)"
  | "0.4n spans (untyped + eloss)"
  | "joint"
  | "10 % of training data"
  | "joint, 10 % of training data"
  | "25 % of training data"
  | "joint, 25 % of training data"
  | "50 % of training data"
  | "joint, 50 % of training data";

/**
 * Fills in the paper's values and checks the result.
 *
 * @throws {RangeError} If a value is impossible; the message names the field, the rule and the value.
 */
export function definePureConfig(
  settings: Pick<PureConfig, "entityTypes" | "relations"> & Partial<PureConfig>,
): PureConfig {
  const config: PureConfig = { ...PAPER_DEFAULTS, ...settings };
  checkNames(config);
  checkSizes(config);
  checkCombination(config);
  return Object.freeze({
    ...config,
    entityTypes: Object.freeze([...config.entityTypes]),
    relations: Object.freeze([...config.relations]),
    symmetricRelations: Object.freeze([...config.symmetricRelations]),
  });
}

/**
 * Gives the config that the relation model is made with: the joint baseline's reads what its entity model reads, as it has
 * one encoding for both.
 */
export function relationConfig(
  config: PureConfig,
  { encoder }: { readonly encoder: { readonly maxTokens: number } },
): PureConfig {
  if (config.architecture !== "joint") return config;
  return { ...config, relationContextWords: config.entityContextWords, maxTokens: encoder.maxTokens };
}

function checkNames(config: PureConfig): void {
  for (const field of ["entityTypes", "relations", "symmetricRelations"] as const) {
    const names = config[field];
    const seen = new Set<string>();
    const repeated = names.find((name) => seen.size === seen.add(name).size);
    if (repeated !== undefined) throw new RangeError(`${field} must differ, got "${repeated}" twice.`);
    if (names.includes("")) throw new RangeError(`${field} must have names, got "".`);
  }
  const { entityTypes, relations, symmetricRelations } = config;
  if (entityTypes.length === 0) throw new RangeError("entityTypes must name at least one type, got none.");
  if (relations.length === 0) throw new RangeError("relations must name at least one relation, got none.");
  const unknown = symmetricRelations.find((relation) => !relations.includes(relation));
  if (unknown !== undefined) throw new RangeError(`symmetricRelations must be among relations, got "${unknown}".`);
}

function checkSizes(config: PureConfig): void {
  for (const field of ["maxSpanWords", "widthEmbeddingSize", "headSize", "typeEmbeddingSize", "maxTokens"] as const) {
    requireWhole(field, config[field], 1);
  }
  for (const field of ["entityContextWords", "relationContextWords"] as const) requireWhole(field, config[field], 0);
  for (const field of ["headDropout", "outputDropout"] as const) {
    const rate = config[field];
    if (!(rate >= 0 && rate < 1)) throw new RangeError(`${field} must be at least 0 and below 1, got ${rate}.`);
  }
  const { spansPerWord } = config;
  if (!(spansPerWord > 0 && Number.isFinite(spansPerWord))) {
    throw new RangeError(`spansPerWord must be above 0, got ${spansPerWord}.`);
  }
}

function checkCombination(config: PureConfig): void {
  const { approximate, batchedTraining, relationInput, architecture, entitySource, relationSpans } = config;
  const hasMarkers = relationInput !== "text" && relationInput !== "text-etype";
  if (approximate && !hasMarkers) {
    throw new RangeError(`relationInput must have markers under approximate, got "${relationInput}".`);
  }
  if (batchedTraining && !approximate)
    throw new RangeError("batchedTraining must be false without approximate, got true.");
  if (architecture === "joint" && hasMarkers) {
    throw new RangeError(
      `relationInput must be "text" or "text-etype" in the joint architecture, got "${relationInput}".`,
    );
  }
  if (architecture === "shared" && relationSpans !== "gold") {
    throw new RangeError(`relationSpans must be "gold" where the encoder is shared, got "${relationSpans}".`);
  }
  if (entitySource === "given" && (architecture !== "separate" || relationSpans !== "gold")) {
    throw new RangeError('entitySource must be "predicted" unless encoders are separate and spans gold, got "given".');
  }
}

function requireWhole(field: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new RangeError(`${field} must be a whole number of at least ${least}, got ${value}.`);
}
