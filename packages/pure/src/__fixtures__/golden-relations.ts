import type { Document } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

import { type GoldenCase, loadGolden, goldenFolder } from "../../../../tools/golden-cases.ts";
import { definePureConfig, type PureConfig } from "../config.ts";
import { createReleasedMarkers, type PureMarkers } from "../markers.ts";
import {
  featurizePureRelationDocuments,
  type PureRelationFeatures,
  type PureRelationFeatureOptions,
} from "../relation-features.ts";
import { PureRelationModel } from "../relation-model.ts";
import { listSpanPairs } from "../relation-pairs.ts";
import type { LabelledSpan } from "../spans.ts";
import {
  createGoldenEncoder,
  loadGoldenWeights,
  type ParameterNames,
  readGoldenDocuments,
  readGoldenText,
  readGoldenTokenizer,
} from "./golden-model.ts";

/** The authors' names of the relation model's head. */
export const RELATION_HEAD: ParameterNames = { layer_norm: "norm", classifier: "classifier" };

/** The fields that the cases of both relation models share. */
export interface GoldenRelations {
  readonly docs: string;
  readonly use_gold: boolean;
  readonly context_window: number;
  readonly max_seq_length: number;
  readonly batch_computation?: boolean;
  readonly label_list: readonly string[];
  readonly special_tokens: Readonly<Record<string, string>>;
  readonly weights: string;
  readonly nrel: number;
  readonly eval_batch_size: number;
  readonly eval_result: Readonly<Record<string, number>>;
  readonly predicted_relations: readonly (readonly (readonly GoldenPrediction[])[])[];
}

/** A relation between spans whose words are counted over the document, with inclusive ends. */
export type GoldenPrediction = readonly [
  headStart: number,
  headEnd: number,
  tailStart: number,
  tailEnd: number,
  relation: string,
];

/** A case, read. */
export interface GoldenRelationCase {
  readonly json: GoldenRelations;
  readonly config: PureConfig;
  readonly documents: readonly Document[];
  readonly tokenizer: Tokenizer;
  readonly markers: PureMarkers;
  /** Makes features from the spans that the case is about, as the authors do. */
  featurize(changes?: Partial<PureRelationFeatureOptions>): Promise<readonly PureRelationFeatures[]>;
  /** Builds the model with the case's weights. */
  buildModel(): PureRelationModel;
}

/** Reads a case of the full or the approximate relation model. */
export function readRelationCase(golden: GoldenCase): GoldenRelationCase {
  const json = golden.json as unknown as GoldenRelations;
  const entityTypes = typesOf(json.special_tokens);
  const config = definePureConfig({
    entityTypes,
    relations: json.label_list.slice(1),
    relationContextWords: json.context_window,
    maxTokens: json.max_seq_length,
    approximate: json.batch_computation !== undefined,
    outputDropout: 0,
  });
  const documents = readGoldenDocuments(json.docs);
  const spans = readSpans(json, entityTypes);
  const tokenizer = readGoldenTokenizer(golden);
  const pairs = spans.flat().flatMap((sentence) => listSpanPairs(sentence, "released"));
  const types = pairs.map(({ head, tail }) => ({ headType: head.label, tailType: tail.label }));
  const markers = createReleasedMarkers(tokenizer, config, types);
  const weights = loadGolden(`${goldenFolder()}/pure/${json.weights.replace(/\.safetensors$/, "")}`);

  const featurize = async (
    changes: Partial<PureRelationFeatureOptions> = {},
  ): Promise<readonly PureRelationFeatures[]> => {
    const { features } = await featurizePureRelationDocuments(documents, spans, {
      config,
      tokenizer,
      markers,
      encoderTokens: Infinity,
      pairsPerText: json.batch_computation === true ? "many" : "one",
      rules: "released",
      ...changes,
    });
    return features;
  };
  const buildModel = (): PureRelationModel => {
    const model = new PureRelationModel(config, { encoder: createGoldenEncoder(weights) }, createRandom(0));
    loadGoldenWeights(model, weights, RELATION_HEAD);
    return model;
  };
  return { json, config, documents, tokenizer, markers, featurize, buildModel };
}

/** The case that holds the weights, and the gradients if there are any. */
export function isWeightCase({ name, json }: GoldenCase): boolean {
  return json["weights"] === `${name.split("/").at(-1)}.safetensors`;
}

/** The entity types that markers are named after. */
function typesOf(specialTokens: Readonly<Record<string, string>>): string[] {
  return [...new Set(Object.keys(specialTokens).flatMap((name) => name.split("=")[1] ?? []))].toSorted();
}

interface GoldenSpans {
  readonly sentences: readonly (readonly string[])[];
  readonly ner: GoldenSpanList;
  readonly predicted_ner?: GoldenSpanList;
}

type GoldenSpanList = readonly (readonly (readonly [start: number, end: number, type: string])[])[];

/** The spans of every sentence of every document, the labels' own or predicted ones. */
function readSpans({ docs, use_gold }: GoldenRelations, entityTypes: readonly string[]): LabelledSpan[][][] {
  const lines = readGoldenText(docs).split("\n");
  return lines
    .filter((line) => line !== "")
    .map((line) => {
      const { sentences, ner, predicted_ner: predicted } = JSON.parse(line) as GoldenSpans;
      let next = 0;
      const starts = sentences.map(({ length }) => (next += length) - length);
      const listed = use_gold ? ner : (predicted as GoldenSpanList);
      return listed.map((spans, sentence) =>
        spans.map(([start, end, type]) => {
          const offset = starts[sentence] as number;
          return { start: start - offset, end: end + 1 - offset, label: entityTypes.indexOf(type) + 1 };
        }),
      );
    });
}
