import { describe, expect, it } from "vitest";

import { formatDocred, parseDocred, toDocredSubmission } from "./docred.ts";
import { DatasetFormatError } from "./format.ts";

/** A document in DocRED's form, of invented content. */
function sample(): Record<string, unknown> & { labels: unknown[]; vertexSet: Record<string, unknown>[][] } {
  return {
    title: "Ada Voss",
    sents: [
      ["Ada", "Voss", "was", "born", "in", "Mellan", "."],
      ["Voss", "left", "."],
    ],
    vertexSet: [
      [
        { name: "Ada Voss", type: "PER", sent_id: 0, pos: [0, 2], global_pos: [0, 0] },
        { name: "Voss", type: "PER", sent_id: 1, pos: [0, 1] },
      ],
      [{ name: "Mellan", type: "LOC", sent_id: 0, pos: [5, 6] }],
    ],
    labels: [{ h: 0, t: 1, r: "P19", evidence: [0] }],
  };
}

describe("parseDocred", () => {
  it("reads words, entities and labelled relations", () => {
    expect(parseDocred([sample()])).toEqual([
      {
        id: "Ada Voss",
        sentences: sample()["sents"],
        entities: [
          {
            mentions: [
              { name: "Ada Voss", type: "PER", sentence: 0, start: 0, end: 2 },
              { name: "Voss", type: "PER", sentence: 1, start: 0, end: 1 },
            ],
          },
          { mentions: [{ name: "Mellan", type: "LOC", sentence: 0, start: 5, end: 6 }] },
        ],
        relations: [{ head: 0, tail: 1, relation: "P19", evidence: [0] }],
        labelled: true,
      },
    ]);
  });

  it("takes a document without the key labels as unlabelled, one with an empty list as labelled", () => {
    const { labels: _, ...hidden } = sample();

    const [unlabelled, labelled] = parseDocred([hidden, { ...sample(), labels: [] }]);

    expect(unlabelled).toMatchObject({ labelled: false, relations: [] });
    expect(labelled).toMatchObject({ labelled: true, relations: [] });
  });

  it("takes a label without evidence as one whose evidence nobody has told", () => {
    const [document] = parseDocred([{ ...sample(), labels: [{ h: 1, t: 0, r: "P1" }] }]);

    expect(document?.relations).toEqual([{ head: 1, tail: 0, relation: "P1", evidence: [] }]);
  });

  it.each<[string, (raw: ReturnType<typeof sample>) => unknown, string]>([
    ["a missing title", (raw) => ({ ...raw, title: undefined }), "[0].title must be a text, got nothing."],
    ["words that are no texts", (raw) => ({ ...raw, sents: [["a", 3]] }), "[0].sents[0][1] must be a text, got 3."],
    ["a text for a document", () => "text", '[0] must be an object, got "text".'],
    [
      "an entity without mentions",
      (raw) => ({ ...raw, vertexSet: [[]] }),
      "[0].vertexSet[0] must hold at least one mention, got none.",
    ],
    [
      "a mention of a sentence that is not there",
      (raw) => withMention(raw, { sent_id: 2 }),
      "[0].vertexSet[1][0].sent_id must be at least 0 and below 2, got 2.",
    ],
    [
      "a mention past the end of its sentence",
      (raw) => withMention(raw, { pos: [6, 8] }),
      "[0].vertexSet[1][0].pos must lie inside sentence 0 (7 words), got 6–8.",
    ],
    [
      "a mention of no words",
      (raw) => withMention(raw, { pos: [3, 3] }),
      "[0].vertexSet[1][0].pos must lie inside sentence 0 (7 words), got 3–3.",
    ],
    [
      "a place of one number",
      (raw) => withMention(raw, { pos: [3] }),
      "[0].vertexSet[1][0].pos must be a list of at least 2, got a list of 1.",
    ],
    [
      "a place that is no whole number",
      (raw) => withMention(raw, { pos: [0, 1.5] }),
      "[0].vertexSet[1][0].pos[1] must be a whole number, got 1.5.",
    ],
    [
      "a head that is no entity",
      (raw) => withLabel(raw, { h: -1 }),
      "[0].labels[0].h must be at least 0 and below 2, got -1.",
    ],
    [
      "a tail that is no entity",
      (raw) => withLabel(raw, { t: 2 }),
      "[0].labels[0].t must be at least 0 and below 2, got 2.",
    ],
    [
      "an entity related to itself",
      (raw) => withLabel(raw, { t: 0 }),
      "[0].labels[0] must relate two different entities, got 0 twice.",
    ],
    ["a relation that is a number", (raw) => withLabel(raw, { r: 17 }), "[0].labels[0].r must be a text, got 17."],
    [
      "evidence in no sentence",
      (raw) => withLabel(raw, { evidence: [0, 2] }),
      "[0].labels[0].evidence[1] must be at least 0 and below 2, got 2.",
    ],
    ["labels that are no list", (raw) => ({ ...raw, labels: null }), "[0].labels must be a list, got null."],
  ])("refuses %s", (_, change, message) => {
    expect(() => parseDocred([change(sample())])).toThrow(DatasetFormatError);
    expect(() => parseDocred([change(sample())])).toThrow(message);
  });

  it("counts documents in the place it names", () => {
    expect(() => parseDocred([sample(), sample(), {}])).toThrow(expect.objectContaining({ path: "[2].title" }));
  });

  it("refuses what is no list of documents", () => {
    expect(() => parseDocred(sample())).toThrow("The file must hold a list of documents, got an object.");
  });
});

describe("formatDocred", () => {
  it("writes what parseDocred reads", () => {
    const documents = parseDocred([sample()]);

    expect(parseDocred(JSON.parse(JSON.stringify(formatDocred(documents))))).toEqual(documents);
  });

  it("writes no labels for an unlabelled document", () => {
    const { labels: _, ...hidden } = sample();

    expect(formatDocred(parseDocred([hidden]))[0]).not.toHaveProperty("labels");
  });
});

describe("toDocredSubmission", () => {
  it("writes the rows of the official file, with evidence where there is some", () => {
    const relation = { documentId: "Ada Voss", head: 0, tail: 1, relation: "P19", score: 2.5 };

    expect(toDocredSubmission([relation, { ...relation, evidence: [0] }])).toEqual([
      { title: "Ada Voss", h_idx: 0, t_idx: 1, r: "P19" },
      { title: "Ada Voss", h_idx: 0, t_idx: 1, r: "P19", evidence: [0] },
    ]);
  });
});

function withMention(raw: ReturnType<typeof sample>, change: object): unknown {
  return { ...raw, vertexSet: [raw.vertexSet[0], [{ ...raw.vertexSet[1]?.[0], ...change }]] };
}

function withLabel(raw: ReturnType<typeof sample>, change: object): unknown {
  return { ...raw, labels: [{ h: 0, t: 1, r: "P19", evidence: [0], ...change }] };
}
