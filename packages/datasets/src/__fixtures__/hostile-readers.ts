import { type HostileReader, readAsFile } from "../../../../tools/hostile-readers.ts";
import { formatBiomedicalTable } from "../biomedical-table-writer.ts";
import type { Document } from "../document.ts";
import { formatDocred } from "../docred.ts";
import { DatasetFormatError } from "../format.ts";
import { type DatasetFormat, loadDocuments, loadFacts, loadLabels, loadPredictions } from "../load.ts";
import { formatPubtator } from "../pubtator-writer.ts";
import { sampleWorld } from "../sample-world.ts";
import { formatSciErc } from "../scierc-writer.ts";
import { sentenceDocuments } from "../sentence-documents.ts";
import { unsoundNumbers } from "./unsound-numbers.ts";

const { documents } = sampleWorld({ seed: 5, documents: 2 });
const first = documents.slice(0, 1);

const PUBTATOR = [
  "1|t|Zolmide and pain.",
  "1|a|Zolmide (ZM) gave mice mild pain. No gout was seen.",
  "1\t0\t7\tZolmide\tChemical\tC1",
  "1\t12\t16\tpain\tDisease\tD1|D2",
  "1\t18\t25\tZolmide\tChemical\tC1",
  "1\t27\t29\tZM\tChemical\tC1",
  "1\t46\t50\tpain\tDisease\tD1",
  "1\t55\t59\tgout\tDisease\t-1",
  "1\tCID\tC1\tD1",
  "",
].join("\n");

const TABLE_PAIR = [
  "1:CID:2", "L2R", "NON-CROSS", "0-1", "0-1",
  "C1", "Zolmide|ZM", "Chemical", "0:3", "1:4", "0:0",
  "D1", "pain", "Disease", "2", "3", "0",
].join("\t");

const SCIERC = {
  doc_key: "P1",
  sentences: [
    ["A", "graph", "parser", "beats", "CRFs", "."],
    ["It", "uses", "attention", "."],
  ],
  ner: [[[1, 2, "Method"]], [[8, 8, "Method"]]],
  relations: [[], [[8, 8, 8, 8, "USED-FOR"]]],
  clusters: [],
};

const FOUND = {
  predicted_ner: [[[1, 2, "Method", 3.5, 0.9]], [[8, 8, "Method"]]],
  predicted_relations: [[[1, 2, 1, 2, "COMPARE", 0.5]], []],
};

/** How every error of this package names its place. */
const common = { errors: [DatasetFormatError], place: /data\.txt: (?:The file|line \d|\[\d|\.)/ };

function readerOf(
  name: string,
  format: DatasetFormat,
  form: HostileReader["form"],
  seeds: readonly string[],
  words: readonly string[],
): HostileReader {
  const read = (bytes: Uint8Array): Promise<void> =>
    readAsFile("data.txt", bytes, (path) => loadDocuments(path, format)).then(requireSound);
  return { ...common, name, form, seeds, words, read };
}

function requireSound(read: readonly Document[]): void {
  // Of one span related to itself, SciERC's form has both ends on one entity.
  const others = read.map((document) => {
    const relations = document.relations.filter(({ head, tail }) => head !== tail);
    return document.candidatePairs === undefined ? { ...document, relations } : document;
  });
  const wrong = unsoundNumbers(others);
  if (wrong.length > 0) throw new TypeError(`The documents must be sound, got ${wrong.join("; ")}.`);
}

/** All readers of data files. */
export const HOSTILE_READERS: readonly HostileReader[] = [
  readerOf("DocRED", "docred", "json", [JSON.stringify(formatDocred(first))], ['"labels":', '"sent_id":-1', "[", "]"]),
  readerOf(
    "PubTator",
    "pubtator",
    "bytes",
    [PUBTATOR, formatPubtator(documents)],
    ["\t", "\n", "|", "|t|", "|a|", "-1", "\n\n", "1\t", "\t0\t7\tZolmide\tChemical\t", "\uFEFF"],
  ),
  readerOf(
    "biomedical table",
    "biomedical-table",
    "bytes",
    [`1\tZolmide gave mild ZM .|No gout .\t${TABLE_PAIR}\n`, formatBiomedicalTable(first)],
    ["\t", "\n", "|", ":", "not_include", "1:NR:2", "R2L", " ", TABLE_PAIR],
  ),
  readerOf(
    "SciERC and ACE",
    "scierc",
    "json-lines",
    [
      `${JSON.stringify(SCIERC)}\n${JSON.stringify({ ...SCIERC, ner_flavor: [["x"], [null]] })}\n`,
      formatSciErc(sentenceDocuments(first)),
    ],
    ["\n", '"ner":', '"_x":1,', "[", "]"],
  ),
  {
    ...common,
    name: "SciERC predictions",
    form: "json-lines",
    seeds: [`${JSON.stringify({ ...SCIERC, ...FOUND })}\n`],
    words: ["\n", "[", "]"],
    read: (bytes) => readAsFile("data.txt", bytes, loadPredictions),
  },
  {
    ...common,
    name: "DocRED facts",
    form: "json",
    seeds: [JSON.stringify([["Ada", "Oslo", "P19"]])],
    read: (bytes) => readAsFile("data.txt", bytes, loadFacts),
  },
  {
    ...common,
    name: "labels",
    form: "json",
    seeds: [JSON.stringify({ Na: 0, P17: 1, P19: 2 }), JSON.stringify(["P17", "P19"]), '{"P17":"country"}'],
    words: ["\n", "NA", "{", "["],
    read: (bytes) => readAsFile("data.txt", bytes, loadLabels),
  },
];
