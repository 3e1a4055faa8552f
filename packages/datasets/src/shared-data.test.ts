import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { parseBiomedicalTable } from "./biomedical-table.ts";
import { formatBiomedicalTable } from "./biomedical-table-writer.ts";
import { prepareDataset } from "./catalog.ts";
import type { Document } from "./document.ts";
import { formatDocred, parseDocred } from "./docred.ts";
import { entityTypes, relationNames } from "./labels.ts";
import { loadDocuments, loadFacts, loadLabels } from "./load.ts";
import { parsePubtator } from "./pubtator.ts";
import { formatPubtator } from "./pubtator-writer.ts";
import { formatSciErc } from "./scierc-writer.ts";
import { sentenceDocuments } from "./sentence-documents.ts";

const DATA = join(import.meta.dirname, "../../../../shared/data");
const present = existsSync(DATA);
if (!present) console.log(`Tests on real data are skipped: there is no folder ${DATA}.`);

const pairCount = (documents: readonly Document[]): number =>
  documents.reduce((sum, { candidatePairs }) => sum + (candidatePairs?.length ?? 0), 0);
const factCount = (documents: readonly Document[]): number =>
  documents.reduce((sum, { relations }) => sum + relations.length, 0);

describe.skipIf(!present)("real data", () => {
  it.each([
    ["re-docred/dev_revised.json", 500, 17_284],
    ["re-docred/test_open_250.json", 250, 8_728],
    ["docred/train_annotated_611.json", 611, 7_800],
  ])("reads %s, and gives the same documents from what it writes", async (file, documentCount, facts) => {
    const documents = await loadDocuments(join(DATA, file), "docred");

    expect(documents).toHaveLength(documentCount);
    expect(factCount(documents)).toBe(facts);
    expect(parseDocred(formatDocred(documents))).toEqual(documents);
  });

  it.each([
    ["train", "Training", 5_242, 5_434, 1_038],
    ["dev", "Development", 5_087, 5_261, 1_012],
    ["test", "Test", 5_204, 5_405, 1_066],
  ])("finds the known pairs and facts of CDR %s in both forms", async (split, name, filtered, all, facts) => {
    const table = await loadDocuments(join(DATA, `cdr/${split}_filter.data`), "biomedical-table");
    const pubtator = await loadDocuments(join(DATA, `cdr/CDR_${name}Set.PubTator.txt`), "pubtator");

    expect([table.length, pairCount(table), factCount(table)]).toEqual([500, filtered, facts]);
    expect([pubtator.length, pairCount(pubtator), factCount(pubtator)]).toEqual([500, all, facts]);
    expect(keyedFacts(table)).toEqual(keyedFacts(pubtator));
    expect(parsePubtator(formatPubtator(pubtator))).toEqual(pubtator);
  });

  it.each(["first", "direction"] as const)("reads back the table it writes, heads by %s", async (headFrom) => {
    const documents = await loadDocuments(join(DATA, "cdr/train_filter.data"), "biomedical-table", { headFrom });

    expect(pairCount(documents)).toBe(5_242);
    expect(parseBiomedicalTable(formatBiomedicalTable(documents), { headFrom })).toEqual(documents);
  });

  it.each([
    ["train", 350, 1_861, 5_598, 3_219],
    ["dev", 50, 275, 811, 455],
    ["test", 100, 551, 1_685, 974],
  ])(
    "reads SciERC %s, and writes the content of the file",
    async (split, documentCount, sentences, entities, facts) => {
      const path = join(DATA, `scierc/${split}.json`);
      const documents = await loadDocuments(path, "scierc");
      const contentOf = (text: string): unknown[] =>
        text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown);

      expect(documents).toHaveLength(documentCount);
      expect(documents.flatMap((document) => document.sentences)).toHaveLength(sentences);
      expect(documents.flatMap((document) => document.entities)).toHaveLength(entities);
      expect(factCount(documents)).toBe(facts);
      expect([entityTypes(documents).length, relationNames(documents).length]).toEqual([6, 7]);
      expect(contentOf(formatSciErc(documents))).toEqual(contentOf(await readFile(path, "utf8")));
      expect(sentenceDocuments(documents)).toEqual(documents);
    },
  );

  it("reads the facts and label files of DocRED", async () => {
    expect((await loadFacts(join(DATA, "docred/train_annotated.fact"))).size).toBe(52_293);
    expect(await loadLabels(join(DATA, "docred/rel2id.json"))).toHaveLength(96);
    expect(await loadLabels(join(DATA, "docred/rel_info.json"))).toHaveLength(96);
  });

  it.each(["cdr", "cdr-pubtator", "re-docred-lite", "scierc"])(
    "takes the data set %s from the folder",
    async (name) => {
      const { files } = await prepareDataset(name, { directory: DATA, cache: join(DATA, "none") });

      expect(Object.values(files).every((path) => path.startsWith(DATA))).toBe(true);
      expect(Object.keys(files)).toEqual(expect.arrayContaining(["train", "development"]));
    },
  );

  it("takes no file of another data set for one of ACE", async () => {
    const preparing = prepareDataset("ace05", { directory: DATA, cache: join(DATA, "none") });

    await expect(preparing).rejects.toThrow("ACE05 needs ace05/json/train.json, which is not in");
  });
});

function keyedFacts(documents: readonly Document[]): string[] {
  const facts = documents.flatMap(({ id, entities, relations }) =>
    relations.map(({ head, tail, relation }) => [id, entities[head]?.key, relation, entities[tail]?.key].join(" ")),
  );
  return facts.toSorted();
}
