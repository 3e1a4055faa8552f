import { describe, expect, it } from "vitest";

import { parseBiomedicalTable } from "./biomedical-table.ts";
import { formatBiomedicalTable } from "./biomedical-table-writer.ts";
import { DatasetFormatError } from "./format.ts";

const TEXT = "Zolmide causes rash .|Some had fever after zolmide .";
const ZOLMIDE = ["C1", "Zolmide|zolmide", "Chemical", "0:8", "1:9", "0:1"];
const RASH = ["D1", "rash", "Disease", "2", "3", "0"];
const FEVER = ["D2", "fever", "Disease", "6", "7", "1"];
const ACHE = ["D3", "had fever", "Disease", "5", "7", "1"];

/** A line of the table, of invented content. */
function line(id: string, ...pairs: readonly string[][]): string {
  return [id, TEXT, ...pairs.flat()].join("\t");
}

function pair(relation: string, first: string[], second: string[], direction = "L2R"): string[] {
  return [relation, direction, "NON-CROSS", "0-1", "2-3", ...first, ...second];
}

describe("parseBiomedicalTable", () => {
  it("reads words by sentence, entities with places within sentences, and pairs in order", () => {
    const text = line("7", pair("1:NR:2", ZOLMIDE, FEVER), pair("1:CID:2", ZOLMIDE, RASH));

    expect(parseBiomedicalTable(`${text}\n`)).toEqual([
      {
        id: "7",
        sentences: [
          ["Zolmide", "causes", "rash", "."],
          ["Some", "had", "fever", "after", "zolmide", "."],
        ],
        entities: [
          {
            key: "C1",
            mentions: [
              { name: "Zolmide", type: "Chemical", sentence: 0, start: 0, end: 1 },
              { name: "zolmide", type: "Chemical", sentence: 1, start: 4, end: 5 },
            ],
          },
          { key: "D2", mentions: [{ name: "fever", type: "Disease", sentence: 1, start: 2, end: 3 }] },
          { key: "D1", mentions: [{ name: "rash", type: "Disease", sentence: 0, start: 2, end: 3 }] },
        ],
        relations: [{ head: 0, tail: 2, relation: "CID", evidence: [] }],
        labelled: true,
        candidatePairs: [
          [0, 1],
          [0, 2],
        ],
      },
    ]);
  });

  it("makes no candidate of a pair that is not included, but keeps its entities, after the others", () => {
    const text = line("7", pair("not_include", ZOLMIDE, FEVER), pair("1:CID:2", ZOLMIDE, RASH));

    const [document] = parseBiomedicalTable(text);

    expect(document?.entities.map(({ key }) => key)).toEqual(["C1", "D1", "D2"]);
    expect(document?.candidatePairs).toEqual([[0, 1]]);
  });

  it("takes the head that the direction column names if asked to", () => {
    const text = line("7", pair("1:CID:2", ZOLMIDE, RASH, "R2L"), pair("1:NR:2", ZOLMIDE, FEVER));

    const [document] = parseBiomedicalTable(text, { headFrom: "direction" });

    expect(document?.entities.map(({ key }) => key)).toEqual(["D1", "C1", "D2"]);
    expect(document?.candidatePairs).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(document?.relations).toMatchObject([{ head: 0, tail: 1 }]);
  });

  it("keeps two relations of one pair, and one that is repeated once", () => {
    const pairs = ["1:CID:2", "1:GDA:2", "1:CID:2"].map((relation) => pair(relation, ZOLMIDE, RASH));

    const [document] = parseBiomedicalTable(line("7", ...pairs));

    expect(document?.relations.map(({ relation }) => relation)).toEqual(["CID", "GDA"]);
    expect(document?.candidatePairs).toEqual([[0, 1]]);
  });

  it("takes the first of two lines with one id, and passes over empty lines", () => {
    const text = [line("7", pair("1:CID:2", ZOLMIDE, RASH)), "", line("7"), line("8")].join("\r\n");

    const documents = parseBiomedicalTable(text);

    expect(documents.map(({ id, entities }) => [id, entities.length])).toEqual([
      ["7", 2],
      ["8", 0],
    ]);
  });

  const withField = (column: number, value: string): string[] => ZOLMIDE.with(column, value);

  it.each([
    [
      "a line cut short",
      line("7", ["1:CID:2"]),
      "line 1 must hold an id, a text and 17 columns for each pair, got 3 columns.",
    ],
    ["a line without tabs", "text", "line 1 must hold an id, a text and 17 columns for each pair, got 1 columns."],
    [
      "an unknown relation",
      line("7", pair("CID", ZOLMIDE, RASH)),
      'line 1, pair 1 must have a relation such as 1:CID:2, 1:NR:2 or not_include, got "CID".',
    ],
    [
      "an entity related to itself",
      line("7", pair("1:CID:2", RASH, RASH)),
      'line 1, pair 1 must relate two different entities, got "D1" twice.',
    ],
    [
      "a mention past the end of the text",
      line("7", pair("1:CID:2", withField(4, "1:90"), RASH)),
      'line 1, pair 1, entity "C1", mention 2 must lie inside the text (10 words), got 8–90.',
    ],
    [
      "a place that is no number",
      line("7", pair("1:CID:2", withField(3, "0:x"), RASH)),
      'line 1, pair 1, entity "C1", mention 2 must lie inside the text (10 words), got x–9.',
    ],
    [
      "a mention in another sentence than it says",
      line("7", pair("1:CID:2", withField(5, "0:0"), RASH)),
      'line 1, pair 1, entity "C1", mention 2 must lie inside sentence 0, got words 8–9 of sentences 1–1.',
    ],
    [
      "lists of different lengths",
      line("7", pair("1:CID:2", withField(3, "0"), RASH)),
      'line 1, pair 1, entity "C1" must have as many names, starts, ends and sentences, got 2, 1, 2, 2.',
    ],
    [
      "an entity with other places the second time",
      line("7", pair("1:CID:2", ZOLMIDE, RASH), pair("1:NR:2", withField(1, "a|b"), FEVER)),
      'line 1, pair 2, entity "C1" must have the same columns as where the line names it first, got others.',
    ],
    [
      "an entity without a key",
      line("7", pair("1:CID:2", withField(0, ""), RASH)),
      "line 1, pair 1 must name two entities, got an empty key.",
    ],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseBiomedicalTable(text)).toThrow(DatasetFormatError);
    expect(() => parseBiomedicalTable(text)).toThrow(message);
  });

  it("refuses an unknown direction if it matters", () => {
    const text = line("7", pair("1:CID:2", ZOLMIDE, RASH, "up"));

    expect(() => parseBiomedicalTable(text, { headFrom: "direction" })).toThrow(
      'line 1, pair 1 must have the direction L2R or R2L, got "up".',
    );
    expect(parseBiomedicalTable(text)).toHaveLength(1);
  });
});

describe("formatBiomedicalTable", () => {
  it("writes the line that it was read from, where the derived columns are those of the form", () => {
    const text = `${line("7", pair("1:CID:2", ZOLMIDE, RASH))}\n`;

    expect(formatBiomedicalTable(parseBiomedicalTable(text))).toBe(text);
  });

  it.each(["first", "direction"] as const)("gives the same documents when read again, heads by %s", (headFrom) => {
    const text = [
      line(
        "7",
        pair("not_include", ZOLMIDE, ACHE),
        pair("1:CID:2", ZOLMIDE, RASH, "R2L"),
        pair("1:NR:2", ZOLMIDE, FEVER),
      ),
      line("8"),
      line("9", pair("1:NR:2", ZOLMIDE, FEVER, "R2L"), pair("not_include", ZOLMIDE, RASH)),
    ].join("\n");
    const documents = parseBiomedicalTable(text, { headFrom });

    expect(parseBiomedicalTable(formatBiomedicalTable(documents), { headFrom })).toEqual(documents);
  });

  it("marks the sentences of a pair as crossed, and takes the closest mentions", () => {
    const [written] = formatBiomedicalTable(parseBiomedicalTable(line("7", pair("1:CID:2", RASH, FEVER)))).split("\n");

    expect(written?.split("\t").slice(2, 7)).toEqual(["1:CID:2", "L2R", "CROSS", "2-3", "6-7"]);
  });

  it("refuses what the form cannot hold", () => {
    const [document] = parseBiomedicalTable(line("7", pair("1:CID:2", ZOLMIDE, RASH)));

    expect(() => formatBiomedicalTable([{ ...document!, labelled: false }])).toThrow('"7" must be labelled');
    expect(() => formatBiomedicalTable([{ ...document!, sentences: [["a|b"]] }])).toThrow('got "a|b"');
    const mentions = document!.entities[0]!.mentions.map((mention, index) => ({ ...mention, type: `T${index}` }));
    expect(() => formatBiomedicalTable([{ ...document!, entities: [{ mentions }, document!.entities[1]!] }])).toThrow(
      'Entity 0 of document "7" must have one type in this form, got T0, T1.',
    );
  });
});
