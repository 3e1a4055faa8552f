import type { Document, EntityPair, EntityRelation, Extractor } from "@relatum/datasets";
import type { Backbone } from "@relatum/encoders";
import type {
  AdamW,
  CheckpointOptions,
  EpochEvent,
  ResumeEvent,
  StepEvent,
  Trainable,
} from "@relatum/tensor-utils/train";

import type { Experiment } from "./experiment.ts";

/** A trained model of a paper that can be kept. */
export interface PaperExtractor extends Extractor {
  /** Writes everything that {@link PaperAdapter.load} needs into a directory, which need not exist. */
  save(directory: string): Promise<void>;
}

/**
 * How the runner runs one paper; each paper package exports one as `adapter` under `./benchmark`.
 *
 * The runner reads data, resolves the encoder, times, logs, scores and writes; the adapter trains and loads.
 */
export interface PaperAdapter {
  /** The paper's short name in lower case, as in `--paper atlop` and an experiment's `paper`. */
  readonly name: string;
  /** The name that tables show: `ATLOP`. */
  readonly title: string;
  /** What it finds: relations between given entities, or spans and relations between them. */
  readonly task: "document" | "sentence";
  /** The paper in one line. */
  readonly citation: string;
  /**
   * The package's `benchmark/` folder, which ends in a slash: it holds `experiments/*.json`, `published.json`, and
   * `reference.json` where the authors' code was run.
   */
  readonly directory: URL;

  /**
   * Checks an experiment's `config` before anything is loaded.
   *
   * @throws {RangeError} If a setting is impossible; the message opens with the field.
   */
  checkConfig?(experiment: Experiment, relations: readonly string[], entityTypes?: readonly string[]): void;

  /**
   * Trains a model and gives back the one of the epoch that `hooks.evaluate` liked best.
   *
   * Resumes where `hooks.checkpoint.directory` holds an unfinished run. Rejects once `hooks.signal` fires and the
   * checkpoint is written: the runner takes any rejection after the signal for a stop, not an error.
   */
  train(documents: readonly Document[], experiment: Experiment, hooks: RunHooks): Promise<PaperExtractor>;

  /** Reads a model that {@link PaperExtractor.save} wrote. */
  load(directory: string, options?: LoadModelOptions): Promise<PaperExtractor>;

  /**
   * Chooses what the variant leaves to the development documents, such as a global or per-relation threshold.
   *
   * Called before each scoring of the development documents and once after training. Left out by papers that choose
   * nothing. The result may share the weights of the extractor given, which is not used after it.
   */
  tune?(extractor: PaperExtractor, documents: readonly Document[], tools: TuningTools): Promise<PaperExtractor>;

  /**
   * Scores the relations of all pairs, also those that the model would not return, for precision–recall curves and AUC.
   *
   * Relations with hardly a chance may be left out. Left out by papers whose models do not score what they do not return.
   *
   * @param extractor One that {@link PaperAdapter.train} or {@link PaperAdapter.load} gave.
   */
  scoreAll?(extractor: PaperExtractor, documents: readonly Document[]): Promise<readonly EntityRelation[]>;

  /**
   * Describes the graphs that the paper builds of a document, for the command `graph` to draw. Left out by papers without.
   *
   * @param pair Entities whose connections are to be shown; the paper chooses without it.
   * @throws {RangeError} If the document has no such entity.
   */
  describeGraphs?(document: Document, pair?: EntityPair): readonly GraphDrawing[];

  /**
   * Shows what a model goes by for a pair of entities, for the page that `report --html` writes. Left out by papers that
   * have nothing to show.
   *
   * @param extractor One that {@link PaperAdapter.load} gave.
   * @throws {RangeError} If the document has no such entity.
   */
  explain?(extractor: PaperExtractor, document: Document, pair: EntityPair): Promise<PairExplanation>;

  /**
   * Prepares work for the command `speed` to time. Left out by papers that it does not measure.
   *
   * @param documents Labelled, where training is timed.
   */
  prepareSpeed?(documents: readonly Document[], options: SpeedOptions): Promise<SpeedWork>;
}

/** How {@link PaperAdapter.load} reads. */
export interface LoadModelOptions {
  /**
   * Bytes that the tensors of one batch may take besides the weights; papers that would take less do so, and read the
   * documents in smaller batches where they would take more.
   */
  readonly memoryBudget?: number;
}

/** A graph to be drawn. */
export interface GraphDrawing {
  readonly title: string;
  readonly nodes: readonly {
    readonly label: string;
    /** Nodes of one group stand together and share a colour; -1 belongs to none. */
    readonly group: number;
  }[];
  /** The kinds of edges, in the order of the legend. */
  readonly kinds: readonly string[];
  /** Edges in either direction are drawn once. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly kind: string }[];
  /** Runs of nodes to be highlighted. */
  readonly paths: readonly (readonly number[])[];
}

/** What a model goes by for one pair of entities. */
export interface PairExplanation {
  /** What is shown, as a heading: `Context weights`. */
  readonly title: string;
  /** How much each word counts, by sentence and word, from 0; shown as shades of the text. */
  readonly words?: readonly (readonly number[])[];
  /** Ways from the head to the tail, as entity numbers; both ends are among them. */
  readonly paths?: readonly (readonly number[])[];
}

/** What the command `speed` wants to time. */
export interface SpeedOptions {
  /** Training steps by the paper's recipe, or extraction from all the documents. */
  readonly part: "step" | "inference";
  /** What an experiment calls its encoder, where the paper has encoders of its own; else a directory. */
  readonly encoder: string;
  /** Loads the encoder of the directory; it belongs to the work. */
  loadBackbone(): Promise<Backbone>;
  /** An experiment's `config`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Relation names in label order. */
  readonly relations: readonly string[];
  /** Decides the model's first weights, and what is drawn of the documents. */
  readonly seed: number;
  /** Where the model goes for a counterpart to read, which splits no documents: longer ones are left out. */
  readonly counterpart?: { readonly directory: string };
}

/** Work of a paper's package that can be done again and again, by its `part`. */
export type SpeedWork = TrainingWork | ExtractionWork;

/** What training steps are made of. The runner cuts batches, takes the steps, and frees model and optimizer. */
export interface TrainingWork<Features extends object = object, Batch extends object = object> {
  readonly part: "step";
  /** What there is to train on, without tensors. */
  readonly features: readonly Features[];
  readonly model: Trainable<Batch> & { dispose(): void };
  /** By the paper's recipe. */
  readonly optimizer: AdamW;
  /** Makes a batch, whose tensors the caller frees. */
  collate(features: readonly Features[]): Batch;
  /** What papers go by that train on batches of like length. */
  lengthOf?(one: Features): number;
}

/** Extraction from documents, or from their sentences. */
export interface ExtractionWork<Features extends object = object> {
  readonly part: "inference";
  /** Documents, or sentences, that one repetition reads. */
  readonly count: number;
  /** The features that are read, by batch. */
  readonly batches: readonly (readonly Features[])[];
  /** Reads all of them once. */
  run(): Promise<unknown>;
  /** Gives the scores that a repetition makes, in the order of the batches. */
  scores(): Promise<readonly number[]>;
  dispose(): void;
}

/** What the runner gives a training run. */
export interface RunHooks {
  readonly seed: number;
  /** Relation names in label order, without the class for "no relation". */
  readonly relations: readonly string[];
  /** Entity types in label order, without a class for "no entity". */
  readonly entityTypes: readonly string[];
  /** What the experiment's file names are relative to; the working directory without it. */
  readonly dataDirectory?: string;
  /** Loads the experiment's encoder and tokenizer; each call gives a fresh copy, which the caller owns. */
  loadBackbone(): Promise<Backbone>;
  /** Bytes that the model and its training may take; no limit without it. Made to be passed on as `memory`. */
  readonly memory?: number;
  /** Where checkpoints go, and whether to start from the one there; made to be passed on to `fit` as it is. */
  readonly checkpoint: CheckpointOptions;
  /** Fires when the user wants to stop. */
  readonly signal: AbortSignal;
  /**
   * Takes what happened for the log and the progress line.
   *
   * A `stage` names the model at work, of papers that train several one after the other: a key of `training.stages`.
   */
  log(event: (StepEvent | EpochEvent | ResumeEvent) & { readonly stage?: string }): void;
  /** Takes a line for the user and the log, such as what of the input did not fit. */
  notice?(line: string): void;
  /**
   * Scores a model on the development documents, after {@link PaperAdapter.tune}; 0–1, higher is better.
   *
   * @param by What the score is of: the relations, as the experiment's `selection` says, or of a model of sentences its
   *   entities alone, for one that finds no relations yet; relations without it.
   */
  evaluate(extractor: PaperExtractor, by?: "relations" | "entities"): Promise<number>;
}

/** Scoring for {@link PaperAdapter.tune}, so that papers need not depend on the metrics; F1 is 0–1, over all documents. */
export interface TuningTools {
  /** F1 of relations. */
  f1(gold: readonly Document[], predicted: readonly EntityRelation[]): number;
  /** Finds the threshold of the best F1 among all there are: keep what scores at least that. */
  bestThreshold(gold: readonly Document[], scored: readonly EntityRelation[]): number;
  /** Finds the threshold of the best F1 among 0.1, 0.2, …, 0.9: keep what scores at least that. */
  bestGlobalThreshold(gold: readonly Document[], scored: readonly EntityRelation[]): number;
  /** Finds thresholds by relation name, one after the other until none changes: keep what scores at least that. */
  bestThresholdsPerRelation(gold: readonly Document[], scored: readonly EntityRelation[]): ReadonlyMap<string, number>;
}

/** One number of a paper's tables, an entry of its `published.json`. */
export interface PublishedResult {
  /** The paper's variant in the words of the experiments' `variant`: `full`, `without localized context`. */
  readonly variant: string;
  /** Data set in the words of the experiments' `data.name`: `DocRED`. */
  readonly dataset: string;
  readonly split: "train" | "development" | "test";
  readonly encoder: string;
  /** `F1`, `Ign F1`, … */
  readonly metric: string;
  /** In percent, as printed. */
  readonly value: number;
  /** Standard deviation over the paper's runs, in percentage points, where it is printed. */
  readonly deviation?: number;
  /** Where the paper says so: `Table 3`. */
  readonly source: string;
}

/** A score that the authors' own code reaches on the same data with the same encoder, an entry of `reference.json`. */
export interface ReferenceResult extends Pick<PublishedResult, "variant" | "dataset" | "split" | "encoder" | "metric"> {
  /** One a seed, in percent. */
  readonly values: readonly number[];
  readonly seeds: readonly number[];
  /** How long it trained, in words: `4 epochs`. */
  readonly recipe: string;
}
