import fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { Document, Entity } from "./document.ts";
import type { SentenceExtraction, Span } from "./extraction.ts";
import { DatasetFormatError } from "./format.ts";
import { entityTypes, relationNames } from "./labels.ts";
import { parseSciErc, parseSciErcPredictions } from "./scierc.ts";
import { formatSciErc } from "./scierc-writer.ts";

type Row = Record<string, unknown>;

/** A document in SciERC's form, of invented content; its second sentence begins at word 6. */
const SAMPLE = {
  doc_key: "P1",
  sentences: [
    ["A", "graph", "parser", "beats", "CRFs", "."],
    ["It", "uses", "attention", "."],
  ],
  ner: [
    [
      [1, 2, "Method"],
      [4, 4, "Method"],
    ],
    [
      [8, 8, "Method"],
      [6, 6, "Generic"],
      [8, 8, "Term"],
    ],
  ],
  relations: [
    [
      [1, 2, 4, 4, "COMPARE"],
      [1, 2, 4, 4, "USED-FOR"],
    ],
    [[8, 8, 6, 6, "USED-FOR"]],
  ],
};

/** The line of the sample with changes; `undefined` removes a key. */
function line(change: Row = {}): string {
  return `${JSON.stringify({ ...SAMPLE, ...change })}\n`;
}

/** The content of a file as sorted keys, as writing puts them in another order. */
function contentOf(text: string): unknown[] {
  return text
    .trim()
    .split("\n")
    .map((each) => JSON.parse(each) as unknown);
}

describe("parseSciErc", () => {
  it("reads words, an entity for each mention, and relations between the first entities on their spans", () => {
    const entity = (name: string, type: string, sentence: number, start: number, end: number): Entity => ({
      mentions: [{ name, type, sentence, start, end }],
    });

    expect(parseSciErc(line())).toEqual([
      {
        id: "P1",
        sentences: SAMPLE.sentences,
        entities: [
          entity("graph parser", "Method", 0, 1, 3),
          entity("CRFs", "Method", 0, 4, 5),
          entity("attention", "Method", 1, 2, 3),
          entity("It", "Generic", 1, 0, 1),
          entity("attention", "Term", 1, 2, 3),
        ],
        relations: [
          { head: 0, tail: 1, relation: "COMPARE", evidence: [0] },
          { head: 0, tail: 1, relation: "USED-FOR", evidence: [0] },
          { head: 2, tail: 3, relation: "USED-FOR", evidence: [1] },
        ],
        labelled: true,
      },
    ]);
  });

  it("takes a document without relations as unlabelled, with or without entities", () => {
    const text = line({ relations: undefined }) + line({ relations: undefined, ner: undefined });

    const [named, bare] = parseSciErc(text);

    expect(named).toMatchObject({ labelled: false, relations: [] });
    expect(named?.entities).toHaveLength(5);
    expect(bare).toMatchObject({ labelled: false, relations: [], entities: [] });
  });

  it("keeps the relation of a span with itself, between two entities where there are two", () => {
    const relations = [[[4, 4, 4, 4, "PART-OF"]], [[8, 8, 8, 8, "PART-OF"]]];

    const [document] = parseSciErc(line({ relations }));

    expect(document?.relations).toMatchObject([
      { head: 1, tail: 1 },
      { head: 2, tail: 4 },
    ]);
  });

  it("reads any types and names that the file has, whatever their order", () => {
    const own = { ner: [[[0, 0, "place"]], [[6, 6, "Person"]]], relations: [[], []] };

    expect(entityTypes(parseSciErc(line(own) + line()))).toEqual(["Generic", "Method", "Person", "Term", "place"]);
    expect(relationNames(parseSciErc(line(own) + line()))).toEqual(["COMPARE", "USED-FOR"]);
  });

  it("keeps flavors with their mentions, and keys it does not read for writing them back", () => {
    const flavors = [
      ["NAM", null],
      [null, "PRO", null],
    ];
    const text = line({ ner_flavor: flavors, clusters: [[[1, 2]]], section_starts: [0], dataset: "mine", _note: 3 });

    const [document] = parseSciErc(text);

    expect(document?.entities.map(({ mentions }) => mentions[0]?.flavor)).toEqual([
      "NAM",
      undefined,
      undefined,
      "PRO",
      undefined,
    ]);
    expect(document?.extras).toEqual({ clusters: [[[1, 2]]], section_starts: [0], dataset: "mine", _note: 3 });
    expect(contentOf(formatSciErc([document!]))).toEqual(contentOf(text));
  });

  it("takes found spans for entities, repeated ones too, and keeps the relations between them", () => {
    const predicted_ner = [
      [
        [4, 4, "Term"],
        [1, 2, "Method"],
        [4, 4, "Term"],
      ],
      [[6, 6, "Generic", 3.5, 0.9]],
    ];

    const [document] = parseSciErc(line({ predicted_ner }), { spans: "predicted" });

    expect(document?.entities.map(({ mentions }) => [mentions[0]?.name, mentions[0]?.type])).toEqual([
      ["CRFs", "Term"],
      ["graph parser", "Method"],
      ["CRFs", "Term"],
      ["It", "Generic"],
    ]);
    expect(document?.relations).toEqual([
      { head: 1, tail: 0, relation: "COMPARE", evidence: [0] },
      { head: 1, tail: 0, relation: "USED-FOR", evidence: [0] },
    ]);
  });

  it.each<[string, Row, string]>([
    ["no id", { doc_key: undefined }, "line 2.doc_key must be a text, got nothing."],
    ["no sentences", { sentences: undefined }, "line 2.sentences must be a list, got nothing."],
    ["a word that is no text", { sentences: [["a", 3]] }, "line 2.sentences[0][1] must be a text, got 3."],
    ["an unknown key", { entities: [] }, "line 2.entities must be a key of the format, got an unknown one."],
    ["an empty document", { sentences: [] }, "line 2.sentences must hold at least one word, got none."],
    [
      "empty sentences alone",
      { sentences: [[], []], ner: [[], []], relations: [[], []] },
      "line 2.sentences must hold at least one word, got none.",
    ],
    [
      "entities for fewer sentences",
      { ner: [[]] },
      "line 2.ner must hold a list for each of the 2 sentences, got a list of 1.",
    ],
    [
      "events for more sentences",
      { events: [[], [], []] },
      "line 2.events must hold a list for each of the 2 sentences, got a list of 3.",
    ],
    ["relations without entities", { ner: undefined }, "line 2.ner must be there where relations are, got nothing."],
    [
      "a span of another sentence",
      { ner: [[[4, 6, "Method"]], []], relations: [[], []] },
      "line 2.ner[0][0] must lie inside sentence 0 (words 0–5 of the document), got 4–6.",
    ],
    [
      "a span beyond the document",
      { ner: [[], [[8, 10, "Method"]]], relations: [[], []] },
      "line 2.ner[1][0] must lie inside sentence 1 (words 6–9 of the document), got 8–10.",
    ],
    [
      "a span that begins below 0",
      { ner: [[[-1, 0, "Method"]], []], relations: [[], []] },
      "line 2.ner[0][0] must lie inside sentence 0 (words 0–5 of the document), got -1–0.",
    ],
    [
      "a span in an empty sentence",
      { sentences: [["a"], []], ner: [[], [[1, 1, "Method"]]], relations: [[], []] },
      "line 2.ner[1][0] must lie inside sentence 1 (which has no words), got 1–1.",
    ],
    [
      "a span that ends before it starts",
      { ner: [[[4, 3, "Method"]], []], relations: [[], []] },
      "line 2.ner[0][0] must not end before it starts, got 4–3.",
    ],
    [
      "a place that is no whole number",
      { ner: [[[0.5, 1, "Method"]], []] },
      "line 2.ner[0][0][0] must be a whole number, got 0.5.",
    ],
    [
      "an entity without a type",
      { ner: [[[0, 1]], []] },
      "line 2.ner[0][0] must be a list of at least 3, got a list of 2.",
    ],
    [
      "a relation of spans that are no entities",
      { relations: [[], [[8, 8, 7, 7, "USED-FOR"]]] },
      "line 2.relations[1][0] must relate entities of ner[1], got 7–7, which is none.",
    ],
    [
      "a relation across sentences",
      { relations: [[[1, 2, 8, 8, "USED-FOR"]], []] },
      "line 2.relations[0][0] must lie inside sentence 0 (words 0–5 of the document), got 8–8.",
    ],
    [
      "flavors for fewer entities",
      { ner_flavor: [["NAM"], []] },
      "line 2.ner_flavor[0] must hold a flavor for each of the 2 entities, got a list of 1.",
    ],
  ])("refuses %s", (_, change, message) => {
    const parse = (): unknown => parseSciErc(line() + line(change));

    expect(parse).toThrow(DatasetFormatError);
    expect(parse).toThrow(message);
  });

  it("counts lines, empty ones too, in the place of broken JSON", () => {
    const cut = line().slice(0, 40);

    expect(() => parseSciErc(`${line()}\n\n${cut}`)).toThrow(
      "line 4 must hold a JSON object, got a text that ends too early.",
    );
    expect(() => parseSciErc(`${line()}oh`)).toThrow("line 2 must hold a JSON object, got something else: ");
    expect(() => parseSciErc("[]")).toThrow("line 1 must be an object, got a list of 0.");
  });

  it("says that there are no found spans to read", () => {
    expect(() => parseSciErc(line(), { spans: "predicted" })).toThrow(
      "line 1.predicted_ner must be a list, got nothing.",
    );
  });
});

describe("parseSciErcPredictions", () => {
  it("reads found spans and relations with their last score, or 1", () => {
    const text = line({
      predicted_ner: [[[1, 2, "Method"]], [[8, 9, "Term", 4.2, 0.75]]],
      predicted_relations: [[[4, 4, 1, 2, "COMPARE", 0.5]], []],
    });

    expect(parseSciErcPredictions(text)).toEqual({
      task: "sentence",
      spans: [
        { documentId: "P1", sentence: 0, start: 1, end: 3, type: "Method", score: 1 },
        { documentId: "P1", sentence: 1, start: 2, end: 4, type: "Term", score: 0.75 },
      ],
      relations: [
        {
          documentId: "P1",
          head: { sentence: 0, start: 4, end: 5 },
          tail: { sentence: 0, start: 1, end: 3 },
          relation: "COMPARE",
          score: 0.5,
        },
      ],
    });
  });

  it("refuses a line without predictions, and spans beyond their sentence", () => {
    const beyond = { predicted_ner: [[], []], predicted_relations: [[[4, 4, 1, 6, "COMPARE"]], []] };

    expect(() => parseSciErcPredictions(line())).toThrow("line 1.predicted_ner must be a list, got nothing.");
    expect(() => parseSciErcPredictions(line(beyond))).toThrow(
      "line 1.predicted_relations[0][0] must lie inside sentence 0 (words 0–5 of the document), got 1–6.",
    );
  });
});

describe("formatSciErc", () => {
  it("writes the content that was read", () => {
    const unlabelled = line({ relations: undefined, doc_key: "P2" });
    const bare = line({ relations: undefined, ner: undefined, doc_key: "P3" });
    const text = line() + unlabelled + bare;

    expect(contentOf(formatSciErc(parseSciErc(text)))).toEqual(contentOf(text));
  });

  it("writes predictions beside the gold, with scores or as PURE's scripts do", () => {
    const found = { predicted_ner: [[[1, 2, "Term"]], []], predicted_relations: [[[1, 2, 1, 2, "COMPARE"]], []] };
    const text = line(found);
    const [documents, predictions] = [parseSciErc(text), parseSciErcPredictions(text)];

    expect(contentOf(formatSciErc(documents, { predictions, scores: false }))).toEqual([{ ...SAMPLE, ...found }]);
    expect(contentOf(formatSciErc(documents, { predictions }))).toMatchObject([
      { predicted_ner: [[[1, 2, "Term", 1]], []], predicted_relations: [[[1, 2, 1, 2, "COMPARE", 1]], []] },
    ]);
  });

  it("refuses what the format has no place for", () => {
    const [document] = parseSciErc(line()) as [Document];
    const twice = { mentions: [document.entities[0]!.mentions[0]!, document.entities[2]!.mentions[0]!] };
    const crossing = { ...document, relations: [{ head: 0, tail: 2, relation: "USED-FOR", evidence: [] }] };
    const span = { documentId: "P9", sentence: 0, start: 0, end: 1, type: "T", score: 1 };
    const predictions: SentenceExtraction = { task: "sentence", spans: [span], relations: [] };

    expect(() => formatSciErc([{ ...document, entities: [twice] }])).toThrow(
      "P1: entity 0 must have one mention, got 2.",
    );
    expect(() => formatSciErc([crossing])).toThrow("P1: relations must lie within one sentence, got one from 0 to 1.");
    expect(() => formatSciErc([document], { predictions })).toThrow(
      'predictions must be of the documents given, got one of "P9".',
    );
  });
});

const WORDS = ["a", "graph", "parser", "\u2028", '"', "ü"];
const sentenceOf = fc.array(fc.constantFrom(...WORDS), { maxLength: 6 });

/** Any sentence-level documents, with predictions for them. */
const files: fc.Arbitrary<{ documents: Document[]; predictions: SentenceExtraction }> = fc
  .array(
    fc.record({
      sentences: fc.array(sentenceOf, { minLength: 1, maxLength: 4 }).filter((all) => all.flat().length > 0),
      places: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.string(), fc.option(fc.string())), { maxLength: 8 }),
      facts: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.string()), { maxLength: 8 }),
      labelled: fc.boolean(),
      extras: fc.option(fc.record({ clusters: fc.jsonValue(), _mine: fc.jsonValue() })),
      score: fc.double({ noNaN: true, noDefaultInfinity: true }),
    }),
    { maxLength: 4 },
  )
  .map((parts) => {
    const made = parts.map((part, index) => fileOf(`D${index}`, part));
    const spans = made.flatMap(({ found }) => found.spans);
    const relations = made.flatMap(({ found }) => found.relations);
    return { documents: made.map(({ document }) => document), predictions: { task: "sentence", spans, relations } };
  });

interface Part {
  readonly sentences: string[][];
  readonly places: (readonly [number, number, number, string, string | null])[];
  readonly facts: (readonly [number, number, string])[];
  readonly labelled: boolean;
  readonly extras: Record<string, unknown> | null;
  readonly score: number;
}

function fileOf(id: string, { sentences, places, facts, labelled, extras, score }: Part) {
  const full = [...sentences.keys()].filter((sentence) => sentences[sentence]!.length > 0);
  const mentions = places
    .map(([at, from, length, type, flavor]) => {
      const sentence = full[at % full.length]!;
      const words = sentences[sentence]!;
      const start = from % words.length;
      const end = start + 1 + (length % (words.length - start));
      const name = words.slice(start, end).join(" ");
      return { name, type, sentence, start, end, ...(flavor !== null && { flavor }) };
    })
    .toSorted((one, other) => one.sentence - other.sentence);
  const spanOf = ({ sentence, start, end }: Span): Span => ({ sentence, start, end });
  const sameSpan = (one: Span, other: Span): boolean =>
    one.sentence === other.sentence && one.start === other.start && one.end === other.end;
  const pairs = facts.flatMap(([one, other, relation]) => {
    const [head, tail] = [mentions[one % mentions.length], mentions[other % mentions.length]];
    return head === undefined || tail === undefined || head.sentence !== tail.sentence
      ? []
      : [{ head, tail, relation }];
  });
  const first = (span: Span): number => mentions.findIndex((each) => sameSpan(each, span));
  const relations = pairs
    .filter(({ head, tail }) => !sameSpan(head, tail))
    .map(({ head, tail, relation }) => ({ head: first(head), tail: first(tail), relation, evidence: [head.sentence] }))
    .toSorted((one, other) => one.evidence[0]! - other.evidence[0]!);
  const document: Document = {
    id,
    sentences,
    entities: mentions.map((mention) => ({ mentions: [mention] })),
    relations: labelled ? relations : [],
    labelled,
    ...(extras && { extras }),
  };
  const spans = mentions.map((mention) => ({ documentId: id, ...spanOf(mention), type: mention.type, score }));
  const found = pairs
    .map(({ head, tail, relation }) => ({ documentId: id, head: spanOf(head), tail: spanOf(tail), relation, score }))
    .toSorted((one, other) => one.head.sentence - other.head.sentence);
  return { document, found: { spans, relations: found } };
}

describe("parseSciErc and formatSciErc", () => {
  it("read what they write, predictions too, whatever the documents", () => {
    fc.assert(
      fc.property(files, ({ documents, predictions }) => {
        const text = formatSciErc(documents, { predictions });

        // Through JSON, where -0 is 0.
        expect(parseSciErc(text)).toEqual(JSON.parse(JSON.stringify(documents)));
        expect(parseSciErcPredictions(text)).toEqual(JSON.parse(JSON.stringify(predictions)));
        expect(formatSciErc(parseSciErc(text), { predictions: parseSciErcPredictions(text) })).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it("give sound documents or an error of ours for any change of a file", () => {
    const edit = fc.record({
      at: fc.nat(line().length),
      length: fc.nat(6),
      piece: fc.constantFrom("9", "-", "[", "]", ""),
    });
    const mutated = fc.oneof(
      fc.string(),
      fc.json(),
      edit.map(({ at, length, piece }) => line().slice(0, at) + piece + line().slice(at + length)),
    );
    fc.assert(
      fc.property(mutated, (text) => {
        for (const { sentences, entities, relations } of parsedOr(text)) {
          for (const { start, end, sentence } of entities.flatMap(({ mentions }) => mentions)) {
            expect(start).toBeGreaterThanOrEqual(0);
            expect(end).toBeGreaterThan(start);
            expect(end).toBeLessThanOrEqual(sentences[sentence]!.length);
          }
          for (const { head, tail } of relations) {
            expect(entities[head]!.mentions[0]!.sentence).toBe(entities[tail]!.mentions[0]!.sentence);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

function parsedOr(text: string): Document[] {
  try {
    return parseSciErc(text);
  } catch (error) {
    if (error instanceof DatasetFormatError) return [];
    throw error;
  }
}
