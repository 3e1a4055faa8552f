/** What is compared with: PyTorch and transformers, or onnxruntime-node. */
export type Peer = "torch" | "onnx";

/** Something that is measured against a counterpart. */
export type SpeedCase = { readonly name: string } & (EncoderCase | PaperCase | TokenizeCase);

/** An encoder at work on rows that are full. */
export interface EncoderCase {
  readonly kind: "encoder-forward" | "encoder-step";
  readonly batch: number;
  readonly tokens: number;
  /** Every dropout rate of the encoder, 0–1; only steps see it. */
  readonly dropout: number;
}

/** A paper's package at work on the documents of a data set. */
export interface PaperCase {
  readonly kind: "paper";
  readonly paper: string;
  readonly part: "step" | "inference";
  readonly dataset: string;
  /** An experiment's `config`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What an experiment calls an encoder of the paper's own; the common one without it. */
  readonly encoder?: string;
  /** What a training step reads: documents, or texts of sentence-level papers. */
  readonly batchSize?: number;
  /** The `config` of another model of ours that reads the same documents, to compare with instead of a counterpart. */
  readonly against?: Readonly<Record<string, unknown>>;
}

/** Words to ids. */
export interface TokenizeCase {
  readonly kind: "tokenize";
  readonly dataset: string;
}

const CDR = { paper: "atlop", dataset: "cdr", config: { maxRelationsPerPair: 1 } } as const;

const SCIERC = { kind: "paper", paper: "pure", dataset: "scierc" } as const;

/** The models of Table 3 of PURE: on sentences alone, and with a hundred words of context. */
const FULL = { relationContextWords: 0, maxTokens: 128 } as const;
const APPROXIMATE = { relationContextWords: 0, approximate: true, maxTokens: 250 } as const;
const WITH_CONTEXT = { relationContextWords: 100 } as const;

const RE_DOCRED = { kind: "paper", paper: "gain", part: "step", dataset: "re-docred-lite", batchSize: 5 } as const;

/** Every case there is. */
export const SPEED_CASES: readonly SpeedCase[] = [
  { name: "encoder-forward-1x128", kind: "encoder-forward", batch: 1, tokens: 128, dropout: 0 },
  { name: "encoder-forward-4x256", kind: "encoder-forward", batch: 4, tokens: 256, dropout: 0 },
  { name: "encoder-forward-4x512", kind: "encoder-forward", batch: 4, tokens: 512, dropout: 0 },
  { name: "encoder-step-4x256", kind: "encoder-step", batch: 4, tokens: 256, dropout: 0 },
  { name: "encoder-step-4x256-dropout", kind: "encoder-step", batch: 4, tokens: 256, dropout: 0.1 },
  { name: "atlop-step-cdr", kind: "paper", part: "step", ...CDR },
  { name: "atlop-inference-cdr", kind: "paper", part: "inference", ...CDR },
  {
    name: "pure-step-scierc",
    ...SCIERC,
    part: "step",
    config: { ...APPROXIMATE, batchedTraining: true },
    batchSize: 16,
  },
  { name: "pure-inference-scierc", ...SCIERC, part: "inference", config: APPROXIMATE },
  { name: "pure-full-inference-scierc", ...SCIERC, part: "inference", config: FULL },
  { name: "pure-approximation-scierc", ...SCIERC, part: "inference", config: APPROXIMATE, against: FULL },
  {
    name: "pure-approximation-scierc-context",
    ...SCIERC,
    part: "inference",
    config: { ...APPROXIMATE, ...WITH_CONTEXT },
    against: { ...WITH_CONTEXT, maxTokens: 256 },
  },
  { name: "gain-step-re-docred", ...RE_DOCRED, config: {} },
  { name: "gain-glove-step-re-docred", ...RE_DOCRED, config: { lstmSize: 128, maxTokens: 512 }, encoder: "bilstm" },
  { name: "tokenize-cdr", kind: "tokenize", dataset: "cdr" },
];

/**
 * Picks cases by name, in their own order.
 *
 * @param names All that the peer can do without it.
 * @throws {RangeError} If there is none of a name, or the peer cannot do it.
 */
export function pickCases(peer: Peer, names?: readonly string[]): SpeedCase[] {
  const able = SPEED_CASES.filter(({ kind }) => peer === "torch" || kind === "encoder-forward");
  const wrong = names?.find((name) => able.every((each) => each.name !== name));
  if (wrong !== undefined) {
    const list = able.map(({ name }) => name).join(", ");
    throw new RangeError(`case must be one of those that ${peer} can do (${list}), got "${wrong}".`);
  }
  return able.filter(({ name }) => names?.includes(name) ?? true);
}
