import { type BertConfig, BertEncoder, fromHuggingFaceName, type WordVectors, WordVocabulary } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";

import {
  type GoldenCase,
  goldenTensor,
  type GoldenTensor,
  goldenTensorsUnder,
  toTensor,
} from "../../../../tools/golden-cases.ts";
import { collateGain, type GainBatch } from "../batch.ts";
import type { GainConfig } from "../config.ts";
import type { GainFeatures } from "../features.ts";
import { type GraphEdge, entityGraphOf } from "../graphs.ts";
import { GainModel } from "../model.ts";
import { type GoldenGraph, goldenSettings } from "./golden-graphs.ts";

interface GoldenModelJson {
  readonly config: Readonly<Record<string, number | string | boolean>>;
  readonly bert_config?: Readonly<Record<string, number | string>>;
  readonly graphs: readonly GoldenGraph[];
}

/** The config of a case's model; dropout is 0 in all of them. */
function goldenConfig(golden: GoldenCase): GainConfig {
  const { config } = golden.json as unknown as GoldenModelJson;
  return goldenSettings(golden, {
    typeSize: config["entity_type_size"] as number,
    entityIdSize: config["entity_id_size"] as number,
    maxEntities: config["max_entity_num"] as number,
    graphLayers: config["gcn_layers"] as number,
    dropout: config["dropout"] as number,
    activation: config["activation"] as GainConfig["activation"],
    lstmSize: config["lstm_hidden_size"] as number,
    lstmLayers: config["nlayers"] as number,
  });
}

/** Builds the model of a case with its weights. */
export function buildGoldenModel(golden: GoldenCase): GainModel {
  const { bert_config: bert } = golden.json as unknown as GoldenModelJson;
  const random = createRandom(0);
  const backbone = bert === undefined ? blankVectors(golden) : { encoder: new BertEncoder(toBertConfig(bert), random) };
  const model = new GainModel(goldenConfig(golden), backbone, random);
  tf.tidy(() => model.loadParameters(ourTensors(golden, "weight/", model)));
  return model;
}

/** Zeros for as many words as a case has vectors. */
function blankVectors(golden: GoldenCase): WordVectors {
  const [count, width] = goldenTensor(golden, "weight/word_emb.weight").shape as [number, number];
  const words = ["BLANK", "UNK", ...Array.from({ length: count - 2 }, (_, index) => `word ${index}`)];
  return { vocabulary: new WordVocabulary(words), values: new Float32Array(count * width), width };
}

/** Tensors of a case under our parameters' names; the path attention's are left out, having no part in a sum. */
export function ourTensors(golden: GoldenCase, prefix: string, model: GainModel): Map<string, tf.Tensor> {
  const named = new Map<string, tf.Tensor>();
  for (const [name, tensor] of goldenTensorsUnder(golden, prefix)) {
    if (name.startsWith("attention.")) continue;
    if (name === "predict.0.weight") {
      for (const [part, value] of splitPairMap(toTensor(tensor) as tf.Tensor2D, model)) named.set(part, value);
    } else {
      named.set(fromGoldenName(name), toTensor(tensor));
    }
  }
  return named;
}

/** Our name of a parameter of the authors' model. */
function fromGoldenName(name: string): string {
  if (name.startsWith("bert.")) return `encoder.${fromHuggingFaceName(name, "bert")}`;
  return name
    .replace("word_emb.weight", "wordEmbedding")
    .replace("entity_type_emb.weight", "typeEmbedding")
    .replace("entity_id_emb.weight", "idEmbedding")
    .replace("GCN_layers", "convolutions")
    .replace("h_bias", "bias")
    .replace("loop_weight", "selfWeight")
    .replace("edge_layer.mapping", "edgeMap")
    .replace("path_info_mapping", "pathMap")
    .replace("predict.0", "pairMap")
    .replace("predict.3", "classifier");
}

/** The authors' one matrix over `[h; t; |h-t|; h*t; document; path]`, in parts. */
function splitPairMap(weight: tf.Tensor2D, { pairMap }: GainModel): [name: string, part: tf.Tensor][] {
  const names = ["head", "tail", "difference", "product", "document", "path"] as const;
  let start = 0;
  return names.map((name) => {
    const width = (pairMap[name] as tf.Variable).shape[1] as number;
    const part = weight.slice([0, start], [-1, width]);
    start += width;
    return [`pairMap.${name}`, part];
  });
}

/** Lays a case's inputs out as a batch; only pairs that the authors' mask keeps are in it. */
export function collateGolden(golden: GoldenCase, config: GainConfig, pairs: "train" | "development"): GainBatch {
  const { graphs } = golden.json as unknown as GoldenModelJson;
  const features = graphs.map((graph, document) => toFeatures(golden, graph, document, pairs));
  return collateGain(features, { padId: 0 }, config, { pad: "exact" });
}

/** The rows of a padded tensor `[documents, pairs, …]` that are pairs. */
export function keepPairs(golden: GoldenCase, name: string, pairs: "train" | "development"): tf.Tensor {
  const tensor = toTensor(goldenTensor(golden, name));
  const rows = pairRows(golden, pairs);
  return tensor.reshape([-1, tensor.shape.at(-1) as number]).gather(rows);
}

/** Numbers of the pairs among documents × the authors' width. */
function pairRows(golden: GoldenCase, pairs: "train" | "development"): number[] {
  const table = goldenTensor(golden, pairs === "train" ? "input/h_t_pairs" : "input/dev_h_t_pairs");
  const mask = pairs === "train" ? goldenTensor(golden, "input/relation_mask").values : undefined;
  return Array.from({ length: table.values.length / 2 }, (_, row) => row).filter((row) =>
    mask ? mask[row] === 1 : table.values[2 * row] !== 0 || table.values[2 * row + 1] !== 0,
  );
}

function toFeatures(
  golden: GoldenCase,
  graph: GoldenGraph,
  document: number,
  pairs: "train" | "development",
): GainFeatures {
  const length = goldenTensor(golden, "input/src_lengths").values[document] as number;
  const row = (name: string): number[] => Array.from(rowOf(goldenTensor(golden, name), document)).slice(0, length);
  const table = goldenTensor(golden, pairs === "train" ? "input/h_t_pairs" : "input/dev_h_t_pairs");
  const width = table.shape[1] as number;
  const numbers = pairRows(golden, pairs).filter((number) => Math.floor(number / width) === document);
  const labels = goldenTensor(golden, "input/relation_multi_label");
  const labelCount = labels.shape[2] as number;
  const entities = Object.keys(graph.entity2mention).map((_, index) => graph.entity2mention[String(index + 1)] ?? []);
  const owners = new Map(entities.flatMap((list, entity) => list.map((number) => [number, entity] as const)));
  const nodes = Array.from({ length: graph.n_nodes }, (_, number) => ({
    entity: owners.get(number) ?? -1,
    type: "",
    name: "",
  }));
  const mentions = { tokenMentions: row("input/mention_id"), entityMentions: entities, nodes, sentenceMentions: [] };
  return {
    documentId: graph.title,
    tokenIds: row("input/words"),
    tokenTypes: row("input/entity_type"),
    tokenEntities: row("input/entity_id"),
    mentions,
    mentionGraph: {
      nodeCount: graph.n_nodes,
      edges: { intraEntity: graph.edges.intra, interEntity: graph.edges.inter, document: graph.edges.global },
    },
    entityGraph: { ...entityGraphOf(mentions), edges: graph.entity_graph.edges as readonly GraphEdge[] },
    pairs: numbers.map((number) => [
      (table.values[2 * number] as number) - 1,
      (table.values[2 * number + 1] as number) - 1,
    ]),
    ...(pairs === "train" && {
      targets: numbers.map((number) =>
        Array.from({ length: labelCount }, (_, label) => label).filter(
          (label) => labels.values[number * labelCount + label] === 1,
        ),
      ),
    }),
  };
}

function rowOf({ values, shape }: GoldenTensor, row: number): Float32Array | Int32Array {
  const width = shape[1] as number;
  return values.subarray(row * width, (row + 1) * width);
}

function toBertConfig(config: Readonly<Record<string, number | string>>): BertConfig {
  return {
    family: "bert",
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
  };
}
