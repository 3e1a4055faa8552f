import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Document } from "@relatum/datasets";
import { type BertConfig, BertEncoder, fromHuggingFaceName, parseTokenizer, type Tokenizer } from "@relatum/encoders";
import { createRandom, type Module } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import {
  type GoldenCase,
  goldenFolder,
  goldenTensorsUnder,
  largestDifference,
  toTensor,
} from "../../../../tools/golden-cases.ts";

/** Our name of a parameter of the authors' models, by theirs. */
export type ParameterNames = Readonly<Record<string, string>>;

/** The authors' names of the entity model's head. */
export const ENTITY_HEAD: ParameterNames = {
  width_embedding: "widthEmbedding",
  "ner_classifier.0._linear_layers": "feedForward.layers",
  "ner_classifier.1": "classifier",
};

/** Reads a file of the cases of PURE. */
export function readGoldenText(name: string): string {
  return readFileSync(join(goldenFolder() as string, "pure", name), "utf8");
}

/** The tokenizer of a case. */
export function readGoldenTokenizer({ json }: GoldenCase): Tokenizer {
  const name = (json["vocab"] as string | undefined) ?? "vocab.txt";
  return parseTokenizer(new Map([["vocab.txt", readGoldenText(name)]]));
}

/** A document as the authors' files have it; words are counted over the document, and ends are inclusive. */
interface GoldenDocument {
  readonly doc_key: string;
  readonly sentences: readonly (readonly string[])[];
  readonly ner: readonly (readonly GoldenEntity[])[];
  readonly relations: readonly (readonly GoldenRelation[])[];
}

type GoldenEntity = readonly [start: number, end: number, type: string];
type GoldenRelation = readonly [headStart: number, headEnd: number, tailStart: number, tailEnd: number, name: string];

/** Reads the documents of a file; every label on a span is an entity, and a relation is between the first on its spans. */
export function readGoldenDocuments(name: string): Document[] {
  const lines = readGoldenText(name).split("\n");
  return lines.filter((line) => line !== "").map((line) => toDocument(JSON.parse(line) as GoldenDocument));
}

function toDocument({ doc_key: id, sentences, ner, relations }: GoldenDocument): Document {
  let next = 0;
  const starts = sentences.map(({ length }) => (next += length) - length);
  const entities = ner.flatMap((sentenceEntities, sentence) =>
    sentenceEntities.map(([start, end, type]) => {
      const first = start - (starts[sentence] as number);
      const last = end - (starts[sentence] as number);
      const name = sentences[sentence]?.slice(first, last + 1).join(" ") as string;
      return { mentions: [{ name, type, sentence, start: first, end: last + 1 }] };
    }),
  );
  const spans = ner.flat();
  const find = (start: number, end: number): number => spans.findIndex((span) => span[0] === start && span[1] === end);
  const facts = relations.flatMap((sentenceRelations, sentence) =>
    sentenceRelations.map(([headStart, headEnd, tailStart, tailEnd, relation]) => ({
      head: find(headStart, headEnd),
      tail: find(tailStart, tailEnd),
      relation,
      evidence: [sentence],
    })),
  );
  return { id, sentences, entities, relations: facts, labelled: true };
}

/** The encoder of a case, without its weights. */
export function createGoldenEncoder({ json }: GoldenCase): BertEncoder {
  const config = json["config"] as Readonly<Record<string, number | string>>;
  return new BertEncoder(
    {
      family: config["model_type"] as BertConfig["family"],
      vocabularySize: config["vocab_size"] as number,
      hiddenSize: config["hidden_size"] as number,
      layers: config["num_hidden_layers"] as number,
      heads: config["num_attention_heads"] as number,
      intermediateSize: config["intermediate_size"] as number,
      maxPositions: config["max_position_embeddings"] as number,
      typeVocabularySize: config["type_vocab_size"] as number,
      dropout: 0,
      attentionDropout: 0,
      layerNormEpsilon: config["layer_norm_eps"] as number,
      activation: config["hidden_act"] as BertConfig["activation"],
      padId: config["pad_token_id"] as number,
    },
    createRandom(0),
  );
}

/** Gives a model whose `encoder` is a case's the weights of the case. */
export function loadGoldenWeights(model: Module, golden: GoldenCase, head: ParameterNames): void {
  tf.tidy(() => {
    const tensors = [...goldenTensorsUnder(golden, "weight/")];
    model.loadParameters(new Map(tensors.map(([name, tensor]) => [fromGoldenName(name, head), toTensor(tensor)])));
  });
}

/** The loss, and the largest distances of its gradients from a case's, by the authors' parameter names. */
export function compareGradients(
  model: Module,
  golden: GoldenCase,
  head: ParameterNames,
  loss: () => tf.Scalar,
): { value: number; differences: Map<string, number> } {
  const parameters = model.parameters();
  const { value, grads } = tf.variableGrads(loss, [...parameters.values()]);
  const differences = new Map<string, number>();
  for (const [name, expected] of goldenTensorsUnder(golden, "grad/")) {
    const parameter = parameters.get(fromGoldenName(name, head)) as tf.Variable;
    const gradient = grads[parameter.name] as tf.Tensor;
    // PyTorch leaves the padding row of the word embeddings untrained.
    const isWords = name.endsWith("word_embeddings.weight");
    differences.set(name, largestDifference(isWords ? withoutFirstRow(gradient) : gradient, expected));
  }
  const loaded = value.dataSync()[0] as number;
  tf.dispose([value, grads]);
  return { value: loaded, differences };
}

function fromGoldenName(name: string, head: ParameterNames): string {
  const encoder = /^(bert|albert)\.(.*)$/.exec(name);
  if (encoder !== null) return `encoder.${fromHuggingFaceName(encoder[2] as string, encoder[1] as "bert" | "albert")}`;
  const prefix = Object.keys(head).find((theirs) => name.startsWith(`${theirs}.`)) ?? "";
  return `${head[prefix]}${name.slice(prefix.length)}`;
}

function withoutFirstRow(matrix: tf.Tensor): tf.Tensor {
  const rows = Array.from({ length: matrix.shape[0] as number }, (_, row) => [row === 0 ? 0 : 1]);
  return matrix.mul(tf.tensor2d(rows));
}
