import { type BertConfig, BertEncoder, type EncoderFamily, fromHuggingFaceName, type Tokenizer } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import {
  type GoldenCase,
  goldenTensorsUnder,
  largestDifference,
  toTensor,
} from "../../../../tools/golden-cases.ts";
import { type AtlopBatch, collateAtlop } from "../batch.ts";
import { type AtlopConfig, defineAtlopConfig } from "../config.ts";
import type { AtlopFeatures } from "../features.ts";
import { AtlopModel } from "../model.ts";

/** The fields that every case with a model has. */
export interface GoldenModelJson {
  readonly config: Readonly<Record<string, number | string>>;
  readonly emb_size: number;
  readonly block_size: number;
  readonly num_class: number;
  readonly num_labels?: number;
  readonly no_grad_params?: readonly string[];
}

/** One document as the authors' code takes it. */
export interface GoldenDocument {
  readonly input_ids: readonly number[];
  /** By entity and mention, `[start, end]`, not counting the start token. */
  readonly entity_pos: readonly (readonly (readonly [number, number])[])[];
  readonly hts: readonly (readonly [number, number])[];
  /** 0 or 1 by pair and label. */
  readonly labels: readonly (readonly number[])[];
}

/** Our name of a parameter of the authors' model. */
export function fromGoldenName(name: string, family: EncoderFamily): string {
  if (!name.startsWith("model.")) {
    return name.replace("head_extractor", "headExtractor").replace("tail_extractor", "tailExtractor");
  }
  return `encoder.${fromHuggingFaceName(name.slice("model.".length), family)}`;
}

/** Builds the model of a case with the weights under a prefix. */
export function buildGoldenModel(golden: GoldenCase, prefix: string): AtlopModel {
  const json = golden.json as unknown as GoldenModelJson;
  const random = createRandom(0);
  const encoder = new BertEncoder(toBertConfig(json.config), random);
  const model = new AtlopModel(toAtlopConfig(json), { encoder }, random);
  tf.tidy(() => {
    const tensors = [...goldenTensorsUnder(golden, prefix)];
    model.loadParameters(
      new Map(tensors.map(([name, tensor]) => [fromGoldenName(name, encoder.config.family), toTensor(tensor)])),
    );
  });
  return model;
}

/** Lays documents out as the authors' code does: padded to the longest, whose length also decides what is cut off. */
export function collateGolden(documents: readonly GoldenDocument[], model: AtlopModel, padId: number): AtlopBatch {
  const longest = Math.max(...documents.map(({ input_ids }) => input_ids.length));
  const width = Math.min(longest, model.encoder.maxTokens);
  // Padding counts as text first, so that a mention there can be asked for, and is hidden from attention afterwards.
  const features = documents.map((document) => toFeatures(document, width, padId, longest));
  const [start, end] = [documents[0]?.input_ids[0] as number, documents[0]?.input_ids.at(-1) as number];
  const tokenizer = { startIds: [start], endIds: [end], padId } as unknown as Tokenizer;
  const batch = collateAtlop(features, { encoder: model.encoder, tokenizer }, model.config, { pad: "exact" });
  const { windows } = batch.input;
  const mask = windows.mask.arraySync() as number[][];
  let row = 0;
  for (const { input_ids: ids } of documents) {
    if (ids.length <= width) mask[row]?.fill(0, ids.length, width);
    row += ids.length <= width ? 1 : 2;
  }
  windows.mask.dispose();
  return { ...batch, input: { ...batch.input, windows: { ...windows, mask: tf.tensor2d(mask) } } };
}

/** The loss, and the largest distances of its gradients from the golden ones, by the authors' parameter names. */
export function compareGradients(
  model: AtlopModel,
  golden: GoldenCase,
  loss: () => tf.Scalar,
): { value: number; differences: Map<string, number> } {
  const { config } = golden.json as unknown as GoldenModelJson;
  const parameters = model.parameters();
  const { value, grads } = tf.variableGrads(loss, [...parameters.values()]);
  const differences = new Map<string, number>();
  for (const [name, expected] of goldenTensorsUnder(golden, "grad/")) {
    const parameter = parameters.get(fromGoldenName(name, config["model_type"] as EncoderFamily)) as tf.Variable;
    const gradient = grads[parameter.name] as tf.Tensor;
    // PyTorch leaves the padding row of the word embeddings untrained, also where padding had a part in the loss.
    const isWords = name.endsWith("word_embeddings.weight");
    differences.set(name, largestDifference(isWords ? withoutRow(gradient, padIdOf(golden)) : gradient, expected));
  }
  return { value: value.dataSync()[0] as number, differences };
}

/** The token that fills rows up. */
export function padIdOf({ json }: GoldenCase): number {
  const { config } = json as unknown as GoldenModelJson;
  return (config["pad_token_id"] as number | undefined) ?? 0;
}

function withoutRow(matrix: tf.Tensor, removed: number): tf.Tensor {
  const rows = Array.from({ length: matrix.shape[0] as number }, (_, row) => [row === removed ? 0 : 1]);
  return matrix.mul(tf.tensor2d(rows));
}

function toFeatures(document: GoldenDocument, width: number, padId: number, longest: number): AtlopFeatures {
  const { input_ids: ids, entity_pos: entities, hts, labels } = document;
  return {
    documentId: "golden",
    tokenIds: ids.length < width ? [...ids, ...Array<number>(width - ids.length).fill(padId)] : ids,
    mentionStarts: entities.map((mentions) => mentions.map(([start]) => start + 1).filter((start) => start < longest)),
    pairs: hts,
    targets: labels.map((row) => row.flatMap((value, label) => (value === 1 ? [label] : []))),
  };
}

function toAtlopConfig({ num_class, emb_size, block_size, num_labels = 4 }: GoldenModelJson): AtlopConfig {
  return defineAtlopConfig({
    relations: Array.from({ length: num_class - 1 }, (_, index) => `relation ${index + 1}`),
    pairSize: emb_size,
    blockSize: block_size,
    maxRelationsPerPair: num_labels > 0 ? num_labels : null,
    windows: "released",
  });
}

function toBertConfig(config: GoldenModelJson["config"]): BertConfig {
  return {
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
    padId: (config["pad_token_id"] as number | undefined) ?? 0,
  };
}
