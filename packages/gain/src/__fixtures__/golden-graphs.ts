import { parseTokenizer, type Tokenizer } from "@relatum/encoders";

import type { GoldenCase } from "../../../../tools/golden-cases.ts";
import { defineGainConfig, type GainConfig } from "../config.ts";

/** What the authors' code made of one document; entity numbers in keys and paths count from 1. */
export interface GoldenGraph {
  readonly title: string;
  /** Why the authors' code raises. */
  readonly error?: string;
  readonly n_nodes: number;
  readonly ids: Readonly<Record<"word_id" | "pos_id" | "ner_id" | "mention_id", readonly number[]>>;
  readonly entity2mention: Readonly<Record<string, readonly number[]>>;
  readonly edges: Readonly<Record<"intra" | "inter" | "global", readonly (readonly [number, number])[]>>;
  readonly entity_graph: { readonly edges: readonly (readonly [number, number])[] };
  readonly path: Readonly<Record<string, readonly number[]>>;
  readonly na_triple: readonly (readonly [number, number])[];
  readonly labels: readonly { readonly h: number; readonly t: number; readonly r: number }[];
}

/** The config with a case's relations and entity types. */
export function goldenSettings({ json }: GoldenCase, changes: Partial<GainConfig> = {}): GainConfig {
  const inOrder = (field: string): string[] =>
    Object.entries(json[field] as Record<string, number>)
      .toSorted(([, left], [, right]) => left - right)
      .slice(1)
      .map(([name]) => name);
  return defineGainConfig({ relations: inOrder("rel2id"), entityTypes: inOrder("ner2id"), ...changes });
}

/** A subword tokenizer from the text of a `vocab.txt`, lower-casing. */
export function goldenTokenizer(vocabulary: string): Tokenizer {
  return parseTokenizer(
    new Map([
      ["vocab.txt", vocabulary],
      ["tokenizer_config.json", JSON.stringify({ do_lower_case: true })],
    ]),
  );
}

/** One token a word, from the authors' list of lower-case words. */
export function wordTokenizer(wordIds: Readonly<Record<string, number>>): Tokenizer {
  const idOf = (word: string): number => wordIds[word.toLowerCase()] ?? (wordIds["UNK"] as number);
  return {
    vocabularySize: Object.keys(wordIds).length,
    startIds: [],
    endIds: [],
    padId: wordIds["BLANK"] as number,
    prepare: async () => undefined,
    tokenizeWord: (word) => [idOf(word)],
    id: idOf,
  };
}
