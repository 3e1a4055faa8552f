import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocred } from "@relatum/datasets";
import { loadPretrained, resolveEncoder, type Tokenizer } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";
import { expect, it } from "vitest";

import { describeGolden, type GoldenCase, goldenFolder } from "../../../tools/golden-cases.ts";
import { goldenTokenizer, type GoldenGraph, goldenSettings, wordTokenizer } from "./__fixtures__/golden-graphs.ts";
import { featurizeGainDocuments, type GainFeatures } from "./features.ts";
import type { GraphEdge } from "./graphs.ts";
import { sampleNegatives } from "./negatives.ts";

interface GraphsJson {
  readonly docs: string;
  readonly word2id?: string | null;
  readonly vocab?: string;
  readonly docs_out?: readonly GoldenGraph[];
  readonly graphs?: readonly GoldenGraph[];
  readonly negative_sampling?: readonly GoldenSample[];
}

interface GoldenSample {
  readonly alpha: number;
  readonly h_t_pairs: readonly (readonly (readonly [head: number, tail: number])[])[];
  readonly relation_mask: readonly (readonly number[])[];
  readonly relation_multi_label_nonzero: readonly (readonly [document: number, row: number, label: number])[];
}

const readJson = (file: string): unknown =>
  JSON.parse(readFileSync(join(goldenFolder() as string, "gain", file), "utf8"));

async function tokenizerOf({ word2id, vocab }: GraphsJson): Promise<Tokenizer> {
  if (word2id) return wordTokenizer(readJson(word2id) as Record<string, number>);
  if (vocab) return goldenTokenizer(readFileSync(join(goldenFolder() as string, "gain", vocab), "utf8"));
  return (await loadPretrained(await resolveEncoder("all-MiniLM-L6-v2"))).tokenizer;
}

async function featurize(golden: GoldenCase): Promise<{ features: GainFeatures[]; expected: readonly GoldenGraph[] }> {
  const json = golden.json as unknown as GraphsJson;
  const expected = json.docs_out ?? json.graphs ?? [];
  const documents = parseDocred(keepRelations(readJson(json.docs), golden));
  const config = goldenSettings(golden, { maxTokens: json.word2id ? 512 : 511, edgeCases: "released" });
  return { features: await featurizeGainDocuments(documents, await tokenizerOf(json), config), expected };
}

describeGolden("gain", /^(graphs|gain)_(bert|glove)(?!.*(_docs|word2id))/, (golden) => {
  it("gives the authors' tokens, and their mentions, entities and types", async () => {
    const { features, expected } = await featurize(golden);

    for (const [index, { error, ids }] of expected.entries()) {
      if (error !== undefined) continue;
      const { tokenIds, tokenTypes, tokenEntities, mentions } = features[index] as GainFeatures;
      expect({
        word_id: tokenIds,
        ner_id: tokenTypes,
        pos_id: tokenEntities,
        mention_id: mentions.tokenMentions,
      }).toEqual(ids);
    }
  });

  it("gives the authors' nodes, edges and paths", async () => {
    const { features, expected } = await featurize(golden);

    const found = features.filter((_, index) => expected[index]?.error === undefined).map(asGolden);

    expect(found).toEqual(
      expected
        .filter(({ error }) => error === undefined)
        .map(({ title, n_nodes, entity2mention, edges, entity_graph, path }) => ({
          title,
          n_nodes,
          entity2mention: Object.fromEntries(Object.entries(entity2mention).filter(([, { length }]) => length > 0)),
          edges: {
            intra: edges.intra.map(String).toSorted(),
            inter: edges.inter.map(String).toSorted(),
            global: edges.global.map(String).toSorted(),
          },
          entity_graph: entity_graph.edges.map(String),
          path,
        })),
    );
  });

  it("gives the authors' pairs and labels", async () => {
    const { features, expected } = await featurize(golden);

    for (const [index, { error, labels, na_triple: unrelated }] of expected.entries()) {
      if (error !== undefined) continue;
      const { pairs, targets } = features[index] as GainFeatures;
      const facts = pairs.flatMap((pair, row) => (targets?.[row] ?? []).map((label) => `${String(pair)} ${label}`));
      const related = new Set(labels.map(({ h, t }) => `${h},${t}`));
      expect(pairs.slice(0, related.size).map(String)).toEqual([...related]);
      expect(pairs.slice(related.size).map(String)).toEqual(unrelated.map(String));
      expect(new Set(facts)).toEqual(
        new Set([...labels.map(({ h, t, r }) => `${h},${t} ${r}`), ...unrelated.map((pair) => `${String(pair)} 0`)]),
      );
    }
  });

  it("samples as many pairs as the authors' code, the related ones first", async () => {
    const { features } = await featurize(golden);

    for (const { alpha, h_t_pairs, relation_mask, relation_multi_label_nonzero } of (
      golden.json as unknown as GraphsJson
    ).negative_sampling ?? []) {
      for (const [index, all] of features.entries()) {
        const rules = { negativesPerPositive: alpha, leastNegatives: 20 };
        const sampled = sampleNegatives(all, rules, createRandom(1));
        const count = relation_mask[index]?.filter((value) => value === 1).length;
        const labels = relation_multi_label_nonzero.filter(([document]) => document === index);
        const related = new Set(labels.filter(([, , label]) => label > 0).map(([, row]) => row)).size;

        expect(sampled.pairs).toHaveLength(count as number);
        const theirs = h_t_pairs[index]?.slice(0, related).map(([head, tail]) => `${head - 1},${tail - 1}`);
        expect(sampled.pairs.slice(0, related).map(String)).toEqual(theirs);
        expect(sampled.targets?.slice(related)).toEqual(sampled.pairs.slice(related).map(() => [0]));
      }
    }
  });
});

function asGolden({ documentId: title, mentions, mentionGraph, entityGraph }: GainFeatures) {
  const sorted = (edges: readonly GraphEdge[]): string[] => edges.map(String).toSorted();
  const { intraEntity, interEntity, document } = mentionGraph.edges;
  const numbers = mentions.entityMentions.map((_, index) => index);
  const paths = numbers.flatMap((head) =>
    numbers
      .slice(head + 1)
      .map((tail) => [`${head + 1},${tail + 1}`, entityGraph.middles(head, tail).map((middle) => middle + 1)]),
  );
  return {
    title,
    n_nodes: mentionGraph.nodeCount,
    entity2mention: Object.fromEntries(
      mentions.entityMentions.flatMap((list, index) => (list.length > 0 ? [[String(index + 1), list]] : [])),
    ),
    edges: { intra: sorted(intraEntity), inter: sorted(interEntity), global: sorted(document) },
    entity_graph: entityGraph.edges.map(String),
    path: Object.fromEntries(paths) as object,
  };
}

/** The authors' script was given few relations and passed over facts of others. */
function keepRelations(json: unknown, { json: golden }: GoldenCase): unknown {
  const known = Object.keys(golden["rel2id"] as object);
  return (json as { labels?: { r: string }[] }[]).map(({ labels = [], ...rest }) => ({
    ...rest,
    labels: labels.filter(({ r }) => known.includes(r)),
  }));
}
