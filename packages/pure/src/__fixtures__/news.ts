import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { BertEncoder, parseTokenizer, savePretrained } from "@relatum/encoders";
import { createRandom, type Random } from "@relatum/tensor-utils";

/** A fact of a sentence by the places of its arguments. */
type Fact = readonly [head: string, relation: string, tail: string];

/** Sentences with places for people (`P1`, `P2`), organisations (`O1`) and places (`L1`, `L2`), and what they state. */
const SENTENCES: readonly (readonly [text: string, ...facts: Fact[]])[] = [
  ["P1 works for O1 .", ["P1", "works-for", "O1"]],
  ["O1 has named P1 its new director .", ["P1", "works-for", "O1"]],
  ["P1 , a spokeswoman of O1 , declined to comment .", ["P1", "works-for", "O1"]],
  ["O1 opened its main office in L1 on Monday .", ["O1", "based-in", "L1"]],
  ["In L1 , where it has its seat , O1 reported a loss .", ["O1", "based-in", "L1"]],
  ["P1 was born in L1 .", ["P1", "born-in", "L1"]],
  ["P1 , born in L1 , has joined O1 .", ["P1", "born-in", "L1"], ["P1", "works-for", "O1"]],
  ["P1 met P2 for talks on Friday .", ["P1", "meets", "P2"]],
  ["P1 and P2 held talks in L1 .", ["P1", "meets", "P2"]],
  ["P1 , who works for O1 , met P2 .", ["P1", "works-for", "O1"], ["P1", "meets", "P2"]],
  ["P1 said that rain had closed the roads to L1 ."],
  ["Shares of O1 fell after news from L1 ."],
  ["P1 wrote about P2 in a letter ."],
  ["The roads between L1 and L2 are open again ."],
];

const TYPES: Readonly<Record<string, string>> = { P: "person", O: "organisation", L: "place" };
const GIVEN = ["Ada", "Bruno", "Carla", "Dario", "Elsa", "Femi", "Greta", "Hamid", "Ines", "Jonas"];
const KINDS = ["Bank", "Steel", "Institute"];
const HARBOUR = "Port";
const SYLLABLES = ["ba", "den", "ko", "lar", "mi", "nor", "pel", "ru", "sto", "tan", "vel", "zu"];

/** The relation that holds both ways; which of its two spans is written first says nothing. */
export const SYMMETRIC = "meets";

/**
 * News that nobody has read, as lines in SciERC's format with types and relations of their own.
 *
 * Surnames and the names of places and organisations are invented anew each time.
 *
 * @param count Documents of three sentences.
 */
export function formatNews(seed: number, count: number): string {
  const random = createRandom(seed);
  return Array.from({ length: count }, (_, index) => `${JSON.stringify(newsRow(`news-${seed}-${index}`, random))}\n`).join(
    "",
  );
}

function newsRow(key: string, random: Random): object {
  const row = { doc_key: key, sentences: [] as string[][], ner: [] as object[], relations: [] as object[], clusters: [] };
  let before = 0;
  for (let number = 0; number < 3; number += 1) {
    const [text, ...facts] = pick(SENTENCES, random);
    const words: string[] = [];
    const spans = new Map<string, readonly [first: number, last: number]>();
    for (const part of text.split(" ")) {
      const name = /^[POL]\d$/.test(part) ? inventName(part, random) : [part];
      if (TYPES[part.charAt(0)] !== undefined && name[0] !== part) {
        spans.set(part, [before + words.length, before + words.length + name.length - 1]);
      }
      words.push(...name);
    }
    const spanOf = (place: string): readonly [number, number] => spans.get(place) as readonly [number, number];
    row.sentences.push(words);
    row.ner.push([...spans].map(([place, span]) => [...span, TYPES[place.charAt(0)]]));
    row.relations.push(
      facts.map(([head, relation, tail]) => {
        const turned = relation === SYMMETRIC && random.uniform() < 0.5;
        return [...spanOf(turned ? tail : head), ...spanOf(turned ? head : tail), relation];
      }),
    );
    before += words.length;
  }
  return row;
}

function inventName(place: string, random: Random): string[] {
  const word = [1, 2, 3].map(() => pick(SYLLABLES, random)).join("");
  const invented = word.charAt(0).toUpperCase() + word.slice(1);
  if (place.startsWith("P")) return [pick(GIVEN, random), invented];
  if (place.startsWith("O")) return [invented, pick(KINDS, random)];
  return random.uniform() < 0.5 ? [invented] : [HARBOUR, invented];
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.integer(items.length)] as T;
}

/** Saves an encoder of two small layers that has learnt nothing, and knows the words of the news but not the invented ones. */
export async function saveNewsEncoder(directory: string): Promise<void> {
  const unused = Array.from({ length: 40 }, (_, index) => `[unused${index + 1}]`);
  const words = SENTENCES.flatMap(([text]) => text.split(" ")).concat(GIVEN, KINDS, HARBOUR);
  const tokens = new Set(["[PAD]", "[UNK]", "[CLS]", "[SEP]", ...unused, ...words.map((word) => word.toLowerCase())]);
  const tokenizer = parseTokenizer(
    new Map([
      ["vocab.txt", `${[...tokens].join("\n")}\n`],
      ["tokenizer_config.json", JSON.stringify({ do_lower_case: true })],
    ]),
  );
  const { vocabularySize, padId } = tokenizer;
  const sizes = { hiddenSize: 64, layers: 2, heads: 4, intermediateSize: 128, maxPositions: 128, typeVocabularySize: 2 };
  const rates = { dropout: 0, attentionDropout: 0, layerNormEpsilon: 1e-12 };
  const config = { ...sizes, ...rates, family: "bert", activation: "gelu", vocabularySize, padId } as const;
  await savePretrained(directory, new BertEncoder(config, createRandom(1)), tokenizer);
}

/**
 * Fills a folder with all that a user of their own data has: three files, an experiment, and here an encoder.
 *
 * @param documents How many to train on; a fifth as many to choose the epoch by and to test on.
 * @param epochs Of the entity model; the relation model takes half as many.
 */
export async function prepareNews(folder: string, documents: number, epochs: number): Promise<void> {
  await mkdir(join(folder, "news"));
  const few = Math.ceil(documents / 5);
  for (const [seed, [name, count]] of Object.entries({ train: documents, dev: few, test: few }).entries()) {
    await writeFile(join(folder, "news", `${name}.json`), formatNews(seed, count));
  }
  await saveNewsEncoder(join(folder, "encoder"));
  const files = { train: "news/train.json", development: "news/dev.json", test: "news/test.json" };
  const experiment = {
    name: "news",
    paper: "pure",
    data: { name: "News", format: "scierc", ...files, symmetricRelations: [SYMMETRIC] },
    encoder: join(folder, "encoder"),
    config: {
      symmetricRelations: [SYMMETRIC],
      approximate: true,
      batchedTraining: true,
      maxSpanWords: 4,
      headDropout: 0,
      outputDropout: 0,
      entityContextWords: 0,
      relationContextWords: 0,
      maxTokens: 128,
    },
    training: {
      epochs: Math.ceil(epochs / 2),
      batchSize: 8,
      encoderLearningRate: 1e-3,
      headLearningRate: 3e-3,
      warmup: 0.1,
      stages: { entity: { epochs } },
    },
  };
  await writeFile(join(folder, "news.json"), JSON.stringify(experiment));
}

/** Runs `relatum-bench` in a folder, as a user does, and gives back what it prints. */
export function callBenchmark(folder: string, ...words: string[]): Promise<string> {
  const cli = fileURLToPath(new URL("../../../../apps/benchmark/src/cli.ts", import.meta.url));
  const flags = ["--conditions=@relatum/source", "--import", import.meta.resolve("tsx"), cli];
  const run = promisify(execFile);
  return run(process.execPath, [...flags, ...words], { cwd: folder }).then(({ stdout }) => stdout);
}
