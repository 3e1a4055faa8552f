import type { EngineKind } from "@relatum/tensor-utils/native";

/** What a process is to do again and again; both sides of a comparison read the same. */
export type Job = JobSetting & (EncoderJob | OnnxJob | PaperJob | TokenizeJob);

/** What every job says. */
export interface JobSetting {
  readonly engine: EngineKind;
  /** Directory of the encoder. */
  readonly encoder: string;
  readonly threads: number;
  /** A folder for files that the two sides share. */
  readonly workspace: string;
}

/** An encoder's forward pass or training step. */
export interface EncoderJob {
  readonly kind: "encoder-forward" | "encoder-step";
  /** Rows of equal length. */
  readonly tokenIds: readonly (readonly number[])[];
  readonly dropout: number;
  readonly learningRate: number;
}

/** An encoder's forward pass in onnxruntime. */
export interface OnnxJob {
  readonly kind: "onnx-forward";
  readonly tokenIds: readonly (readonly number[])[];
  /** The ONNX file. */
  readonly model: string;
  /** The module `onnxruntime-node`. */
  readonly runtime: string;
}

/** A paper's work on the workspace's `documents.json`. */
export interface PaperJob {
  readonly kind: "paper";
  readonly paper: string;
  readonly part: "step" | "inference";
  readonly config: Readonly<Record<string, unknown>>;
  readonly relations: readonly string[];
  /** What the paper calls an encoder of its own, which takes the place of the directory's. */
  readonly ownEncoder?: string | undefined;
  /** Training steps in one repetition. */
  readonly steps: number;
  /** What a step reads: documents, or texts of sentence-level papers. */
  readonly batchSize: number;
  /**
   * What a counterpart must agree with: losses or scores, for one that reads `input.json` and the directory `model` in the
   * workspace; or how much is read, for another model.
   */
  readonly compares: "values" | "amount" | "nothing";
}

/** Turns every word of the workspace's `documents.json` into ids. */
export interface TokenizeJob {
  readonly kind: "tokenize";
}

/** Work that can be done again and again. */
export interface Work {
  /** Documents, sentences or texts that one repetition reads, where there are any. */
  readonly count?: number;
  /** Gives what to check by, before anything is timed. */
  numbers(): Promise<readonly number[]>;
  /** Does the work once; gives a number to check by where one belongs to each repetition. */
  run(): Promise<number | undefined>;
  /** Gets ready for the next repetition; its time does not count. */
  reset?(): void;
}
