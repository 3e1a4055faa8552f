import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { parseBiomedicalTable } from "./biomedical-table.ts";
import { formatBiomedicalTable } from "./biomedical-table-writer.ts";
import { formatDocred, parseDocred } from "./docred.ts";
import { factKey } from "./facts.ts";
import { DatasetFormatError } from "./format.ts";
import { type DatasetFormat, loadDocuments, loadFacts, loadLabels, loadPredictions } from "./load.ts";
import { parsePubtator } from "./pubtator.ts";
import { formatPubtator } from "./pubtator-writer.ts";
import { parseSciErc } from "./scierc.ts";
import { formatSciErc } from "./scierc-writer.ts";
import { sentenceDocuments } from "./sentence-documents.ts";
import { syntheticDocuments } from "./testing.ts";

const documents = syntheticDocuments({ seed: 1, count: 3, relations: ["likes"] });
const texts: Record<DatasetFormat, string> = {
  docred: JSON.stringify(formatDocred(documents)),
  pubtator: formatPubtator(documents),
  "biomedical-table": formatBiomedicalTable(documents),
  scierc: formatSciErc(sentenceDocuments(documents)),
};

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "relatum-load-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

describe("loadDocuments", () => {
  it("reads each format, also with a byte order mark and other line ends", async () => {
    for (const mark of ["", "\uFEFF"]) {
      const docred = await write("docred.json", mark + texts.docred);
      const pubtator = await write("pubtator.txt", mark + texts.pubtator.replaceAll("\n", "\r\n"));
      const table = await write("table.data", mark + texts["biomedical-table"].replaceAll("\n", "\r\n"));
      const scierc = await write("scierc.json", mark + texts.scierc.replaceAll("\n", "\r\n"));

      expect(await loadDocuments(docred, "docred")).toEqual(parseDocred(formatDocred(documents)));
      expect(await loadDocuments(pubtator, "pubtator")).toEqual(parsePubtator(texts.pubtator));
      expect(await loadDocuments(table, "biomedical-table")).toEqual(parseBiomedicalTable(texts["biomedical-table"]));
      expect(await loadDocuments(scierc, "scierc")).toEqual(parseSciErc(texts.scierc));
    }
  });

  it.each<[DatasetFormat, DatasetFormat]>([
    ["docred", "pubtator"],
    ["docred", "biomedical-table"],
    ["pubtator", "docred"],
    ["pubtator", "biomedical-table"],
    ["biomedical-table", "docred"],
    ["biomedical-table", "pubtator"],
    ["scierc", "docred"],
    ["scierc", "pubtator"],
    ["scierc", "biomedical-table"],
    ["docred", "scierc"],
    ["pubtator", "scierc"],
    ["biomedical-table", "scierc"],
  ])("says that a file of %s looks so when read as %s", async (actual, asked) => {
    const path = await write("wrong", texts[actual]);

    const loading = loadDocuments(path, asked);

    await expect(loading).rejects.toThrow(DatasetFormatError);
    await expect(loading).rejects.toThrow(`It looks like the format "${actual}": try that instead of "${asked}".`);
  });

  it("takes U+2028 for a character of a word, not for the end of a line", async () => {
    const odd = { ...sentenceDocuments(documents)[0]!, sentences: [["a\u2028b"]], entities: [], relations: [] };
    const path = await write("odd.json", formatSciErc([odd]));

    expect(await loadDocuments(path, "scierc")).toEqual([odd]);
  });

  it("names the file before the place within it", async () => {
    const path = await write("bad.json", '[{"title": 3}]');

    await expect(loadDocuments(path, "docred")).rejects.toThrow(`${path}: [0].title must be a text, got 3.`);
  });

  it("names the line of a broken line", async () => {
    const path = await write("bad.data", `${texts["biomedical-table"]}9\ttext\tmore\n`);

    await expect(loadDocuments(path, "biomedical-table")).rejects.toThrow(`${path}: line 4 must hold an id`);
  });

  it("says that a file of JSON is cut off", async () => {
    const path = await write("cut.json", texts.docred.slice(0, -40));

    await expect(loadDocuments(path, "docred")).rejects.toThrow(
      `${path}: The file must hold JSON, got a text that ends too early. Fetch it again.`,
    );
  });

  it.each<[DatasetFormat, string]>([
    ["docred", "The file must hold JSON, got an empty file."],
    ["pubtator", "The file must hold documents, got none."],
    ["biomedical-table", "The file must hold documents, got none."],
    ["scierc", "The file must hold documents, got none."],
  ])("refuses an empty file as %s", async (format, message) => {
    const path = await write("empty", "\n");

    await expect(loadDocuments(path, format)).rejects.toThrow(`${path}: ${message}`);
  });

  it("passes on that there is no such file, or that the format is unknown", async () => {
    await expect(loadDocuments(join(folder, "none"), "docred")).rejects.toThrow("ENOENT");
    await expect(loadDocuments(join(folder, "none"), "pubtator")).rejects.toThrow("ENOENT");
    await expect(loadDocuments(join(folder, "none"), "csv" as DatasetFormat)).rejects.toThrow(
      "format must be one of docred, pubtator, biomedical-table, scierc, got csv.",
    );
  });
});

describe("loadPredictions", () => {
  it("reads what a model has found, and names the file in an error", async () => {
    const [document] = sentenceDocuments(documents);
    const { sentence, start, end } = document!.entities[0]!.mentions[0]!;
    const span = { documentId: document!.id, sentence, start, end, type: "PER", score: 0.5 };
    const predictions = { task: "sentence", spans: [span], relations: [] } as const;
    const file = await write("found.jsonl", formatSciErc([document!], { predictions }));
    const gold = await write("gold.jsonl", texts.scierc);

    expect(await loadPredictions(file)).toEqual(predictions);
    await expect(loadPredictions(gold)).rejects.toThrow(`${gold}: line 1.predicted_ner must be a list, got nothing.`);
  });
});

describe("loadFacts and loadLabels", () => {
  it("read a file, and name it in an error", async () => {
    const facts = await write("train.fact", '[["Voss", "Mellan", "P19"]]');
    const labels = await write("rel2id.json", '{"P17": 2, "Na": 0, "P6": 1}');
    const bad = await write("bad", "[1]");

    expect([...(await loadFacts(facts))]).toEqual([factKey("Voss", "Mellan", "P19")]);
    expect(await loadLabels(labels)).toEqual(["P6", "P17"]);
    await expect(loadFacts(bad)).rejects.toThrow(`${bad}: [0] must be a list, got 1.`);
    await expect(loadLabels(bad)).rejects.toThrow(`${bad}: [0] must be a text, got 1.`);
  });
});

describe("files that are too long", () => {
  it("are refused by name before they are read, if they do not fit into one text", async () => {
    const file = await write("long.json", "[");
    await truncate(file, 2 ** 31 + 1); // takes no room on the disk

    await expect(loadDocuments(file, "docred")).rejects.toThrow(
      `${file}: The file must fit into one text, got more than half a gigabyte. Split it.`,
    );
  });
});
