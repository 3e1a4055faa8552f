import { describe, expect, it } from "vitest";

import { DatasetFormatError } from "./format.ts";
import { parsePubtator } from "./pubtator.ts";
import { formatPubtator } from "./pubtator-writer.ts";

/** Invented documents in the PubTator form. */
const SAMPLE = [
  "7|t|Zolmide-induced rash.",
  "7|a|We saw fever and head ache after zolmide. Then X.",
  "7\t0\t7\tZolmide\tChemical\tC1",
  "7\t16\t20\trash\tDisease\tD1",
  "7\t29\t34\tfever\tDisease\t-1",
  "7\t39\t48\thead ache\tDisease\tD2|D3\thead|ache",
  "7\t55\t62\tzolmide\tChemical\tC1",
  "7\tCID\tC1\tD1",
  "7\tCID\tC1\tD3",
  "",
  "8|t|Nothing.",
  "8|a|",
  "",
].join("\n");

describe("parsePubtator", () => {
  it("reads words, sentences, concepts, candidate pairs and relations", () => {
    const chemical = (name: string, sentence: number, start: number): object => ({
      name,
      type: "Chemical",
      sentence,
      start,
      end: start + 1,
    });
    const disease = (name: string, sentence: number, start: number, end: number): object => ({
      name,
      type: "Disease",
      sentence,
      start,
      end,
    });

    expect(parsePubtator(SAMPLE)).toEqual([
      {
        id: "7",
        sentences: [
          ["Zolmide", "-", "induced", "rash", "."],
          ["We", "saw", "fever", "and", "head", "ache", "after", "zolmide", "."],
          ["Then", "X", "."],
        ],
        entities: [
          { key: "C1", mentions: [chemical("Zolmide", 0, 0), chemical("zolmide", 1, 7)] },
          { key: "D1", mentions: [disease("rash", 0, 3, 4)] },
          { mentions: [disease("fever", 1, 2, 3)] },
          { key: "D2", mentions: [disease("head ache", 1, 4, 6)] },
          { key: "D3", mentions: [disease("head ache", 1, 4, 6)] },
        ],
        relations: [
          { head: 0, tail: 1, relation: "CID", evidence: [] },
          { head: 0, tail: 4, relation: "CID", evidence: [] },
        ],
        labelled: true,
        candidatePairs: [
          [0, 1],
          [0, 3],
          [0, 4],
        ],
      },
      { id: "8", sentences: [["Nothing", "."]], entities: [], relations: [], labelled: true, candidatePairs: [] },
    ]);
  });

  it("pairs genes with diseases, and other types if told so", () => {
    const text = "1|t|BRX in rash\n1|a|\n1\t0\t3\tBRX\tGene\t11\n1\t7\t11\trash\tDisease\tD1\n1\tGDA\t11\tD1\n";

    const [gene] = parsePubtator(text);
    const [other] = parsePubtator(text, { candidateTypes: [["Disease", "Gene"]] });

    expect(gene?.candidatePairs).toEqual([[0, 1]]);
    expect(other?.candidatePairs).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it("takes documents as unlabelled if none of them states a relation", () => {
    const hidden = SAMPLE.split("\n").filter((line) => !line.includes("CID"));

    expect(parsePubtator(hidden.join("\n")).map(({ labelled }) => labelled)).toEqual([false, false]);
  });

  it("needs no empty line between documents, and takes other line ends", () => {
    const text = SAMPLE.replaceAll("\n\n", "\n").replaceAll("\n", "\r\n");

    expect(parsePubtator(text)).toEqual(parsePubtator(SAMPLE));
  });

  it("counts places in characters, as the files do", () => {
    const text = "1|t|😀 rash\n1|a|\n1\t2\t6\trash\tDisease\tD1\n";

    expect(parsePubtator(text)[0]?.entities[0]?.mentions).toMatchObject([{ name: "rash", start: 1, end: 2 }]);
  });

  it.each([
    [
      "a mention of other text",
      "7\t0\t7\tZolmode\tChemical\tC1",
      'line 3 must name the text at 0–7, which is "Zolmide", got "Zolmode".',
    ],
    ["a mention past the end", "7\t0\t900\tZolmide\tChemical\tC1", "line 3 must name the text at 0–900"],
    ["a mention backwards", "7\t7\t0\tZolmide\tChemical\tC1", "line 3 must name the text at 7–0"],
    ["a mention with white space around it", "7\t48\t49\t \tChemical\tC1", "line 3 must name the text at 48–49"],
    ["a mention of title and abstract", "7\t16\t24\trash.\nWe\tDisease\tD1", "line 3 must be a title"],
    ["a line of another kind", "7\tx", "line 3 must be a title (|t|), an abstract (|a|), a mention"],
    ["a line without an id", "words", 'line 3 must begin with a document\'s id and "|" or a tab, got "words".'],
    ["a second title", "7|t|Again", "line 3 must not give document 7 another title."],
    [
      "a relation of unknown concepts",
      "7\tCID\tC1\tD9",
      'line 3 must relate concepts that document 7 mentions, got "C1".',
    ],
    [
      "a mention of an unknown document",
      "9\t0\t7\tZolmide\tChemical\tC1",
      "line 3 must begin document 9 with its title",
    ],
  ])("refuses %s", (_, line, message) => {
    const text = [...SAMPLE.split("\n").slice(0, 2), line].join("\n");

    expect(() => parsePubtator(text)).toThrow(DatasetFormatError);
    expect(() => parsePubtator(text)).toThrow(message);
  });

  it("refuses a concept related to itself", () => {
    const text = SAMPLE.replace("CID\tC1\tD1", "CID\tC1\tC1");

    expect(() => parsePubtator(text)).toThrow('line 8 must relate two different concepts, got "C1" twice.');
  });
});

describe("formatPubtator", () => {
  it("gives the same documents when read again", () => {
    const documents = parsePubtator(SAMPLE);

    expect(parsePubtator(formatPubtator(documents))).toEqual(documents);
  });

  it("keeps stops inside sentences, and a title of two sentences without a stop at the end", () => {
    const text = [
      "1|t|A drug. Zolmide vs. rash",
      "1|a|It was 0.5 (sic.) or so.B rose. It ended",
      "1\t8\t23\tZolmide vs. ras\tDisease\tD1",
      "1\tCID\tD1\tD2",
      "1\t8\t15\tZolmide\tDisease\tD2",
    ].join("\n");
    const documents = parsePubtator(text);

    expect(documents[0]?.sentences).toHaveLength(4);
    expect(parsePubtator(formatPubtator(documents))).toEqual(documents);
  });

  it("gives a key to an entity that needs one", () => {
    const [document] = parsePubtator(SAMPLE);
    const entities = document!.entities.map(({ mentions }) => ({ mentions }));

    const [again] = parsePubtator(formatPubtator([{ ...document!, entities }]));

    expect(again?.relations).toEqual(document!.relations);
    expect(again?.entities[0]).toEqual({ key: "E0", mentions: entities[0]!.mentions });
  });
});

describe("parsePubtator of a hostile text", () => {
  /** A document of one word that stands for many concepts, under many types. */
  const documentOf = (annotations: readonly string[]): string => ["1|t|Zolmide", "1|a|", ...annotations].join("\n");
  const keys = (letter: string, count: number): string => {
    return Array.from({ length: count }, (_, index) => `${letter}${index}`).join("|");
  };

  it("refuses pairs that would take the square of the file in memory", () => {
    const text = documentOf(["Chemical", "Disease"].map((type) => `1\t0\t7\tZolmide\t${type}\t${keys(type, 1100)}`));

    expect(() => parsePubtator(text)).toThrow(
      'line 1 must have at most 1048576 pairs of "Chemical" and "Disease" in document "1", got 1100 × 1100.',
    );
  });

  it("refuses a concept of more types than any has", () => {
    const types = Array.from({ length: 101 }, (_, index) => `1\t0\t7\tZolmide\tT${index}\tC1`);

    expect(() => parsePubtator(documentOf(types))).toThrow('must give a concept at most 100 types in document "1"');
  });
});
