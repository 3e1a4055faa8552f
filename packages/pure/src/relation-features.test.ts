import type { Document } from "@relatum/datasets";
import type { Tokenizer } from "@relatum/encoders";
import { describe, expect, it } from "vitest";

import { definePureConfig, type PureConfig } from "./config.ts";
import type { PureMarkers } from "./markers.ts";
import {
  featurizePureRelationDocuments,
  type PureRelationFeatureList,
  type PureRelationFeatureOptions,
} from "./relation-features.ts";

/** Words are their own ids, `7.7` being one of two tokens. */
const tokenizer: Tokenizer = {
  vocabularySize: 1000,
  startIds: [100],
  endIds: [101],
  padId: 0,
  prepare: async () => undefined,
  tokenizeWord: (word) => word.split(".").map(Number),
  id: () => 1,
};

const markers: PureMarkers = {
  headStarts: [0, 201, 301],
  headEnds: [0, 202, 302],
  tailStarts: [0, 203, 303],
  tailEnds: [0, 204, 304],
};

const document: Document = {
  id: "one",
  sentences: [
    ["1", "2"],
    ["3", "4.4", "5", "6"],
    ["7", "8"],
  ],
  entities: [
    { mentions: [{ name: "4.4 5", type: "Person", sentence: 1, start: 1, end: 3 }] },
    { mentions: [{ name: "5", type: "Place", sentence: 1, start: 2, end: 3 }] },
  ],
  relations: [{ head: 0, tail: 1, relation: "likes", evidence: [] }],
  labelled: true,
};

/** `4.4 5`, a person, and `5`, a place. */
const spans = [
  [],
  [
    { start: 1, end: 3, label: 1 },
    { start: 2, end: 3, label: 2 },
  ],
  [],
];

const base = definePureConfig({
  entityTypes: ["Person", "Place"],
  relations: ["likes"],
  relationContextWords: 0,
  maxTokens: 64,
});

async function featurize(
  settings: Partial<PureConfig> = {},
  options: Partial<PureRelationFeatureOptions> & { readonly texts?: Document } = {},
): Promise<PureRelationFeatureList> {
  const { texts = document, ...rest } = options;
  return featurizePureRelationDocuments([texts], [spans], {
    config: definePureConfig({ ...base, ...settings }),
    tokenizer,
    markers,
    encoderTokens: 512,
    pairsPerText: "many",
    ...rest,
  });
}

describe("the full model's features", () => {
  it("have a text a pair with its markers inside, the head's before the tail's", async () => {
    const { features, notices } = await featurize();

    expect(features).toHaveLength(2);
    expect(features[0]).toMatchObject({
      documentId: "one",
      sentence: 1,
      // [4 4 <5>], the tail's end coming after the head's.
      tokenIds: [100, 3, 201, 4, 4, 303, 5, 202, 304, 6, 101],
      pairs: [{ headFirst: 2, headLast: 7, tailFirst: 5, tailLast: 8, labelIds: [1] }],
    });
    expect(features[1]).toMatchObject({
      tokenIds: [100, 3, 203, 4, 4, 301, 5, 302, 204, 6, 101],
      pairs: [{ headFirst: 5, headLast: 7, tailFirst: 2, tailLast: 8, labelIds: [] }],
    });
    expect(notices).toEqual([]);
  });

  it("take in words of other sentences", async () => {
    const { features } = await featurize({ relationContextWords: 7 });

    // One word before, two after.
    expect(features[0]?.tokenIds).toEqual([100, 2, 3, 201, 4, 4, 303, 5, 202, 304, 6, 7, 8, 101]);
    expect(features[0]?.pairs[0]).toMatchObject({ headFirst: 3, tailFirst: 6 });
  });

  it("have no labels for an unlabelled document", async () => {
    const { features } = await featurize({}, { texts: { ...document, labelled: false } });

    expect(features.flatMap(({ pairs }) => pairs.flatMap(({ labelIds }) => labelIds))).toEqual([]);
  });
});

describe("the approximation's features", () => {
  it("have a text with the pairs' markers and the tokens whose positions they share", async () => {
    const { features } = await featurize({ approximate: true });

    expect(features).toEqual([
      {
        documentId: "one",
        sentence: 1,
        tokenIds: [100, 3, 4, 4, 5, 6, 101],
        pairs: [
          {
            head: spans[1]?.[0],
            tail: spans[1]?.[1],
            labelIds: [1],
            headFirst: 2,
            headLast: 4,
            tailFirst: 4,
            tailLast: 4,
            markers: [201, 202, 303, 304],
          },
          {
            head: spans[1]?.[1],
            tail: spans[1]?.[0],
            labelIds: [],
            headFirst: 4,
            headLast: 4,
            tailFirst: 2,
            tailLast: 4,
            markers: [301, 302, 203, 204],
          },
        ],
      },
    ]);
  });

  it("begin a new text where no more markers fit, or where pairs are to be alone", async () => {
    // 7 tokens of text and 4 of markers.
    const { features: full } = await featurize({ approximate: true, maxTokens: 14 });
    const { features: fitting } = await featurize({ approximate: true, maxTokens: 15 });
    const { features: alone } = await featurize({ approximate: true }, { pairsPerText: "one" });

    expect([full, fitting, alone].map((list) => list.map(({ pairs }) => pairs.length))).toEqual([[1, 1], [2], [1, 1]]);
  });
});

describe("features without markers", () => {
  it("have one text for all pairs and the ends of their spans", async () => {
    const { features } = await featurize({ relationInput: "text" });

    expect(features).toHaveLength(1);
    expect(features[0]?.pairs[0]).toMatchObject({ headFirst: 2, headLast: 4, tailFirst: 4, tailLast: 4 });
    expect(features[0]?.pairs[0]?.markers).toBeUndefined();
  });
});

describe("what is too long", () => {
  it("loses context first, and that is told", async () => {
    // 11 tokens without context; with one word before and one after 13.
    const { features, notices } = await featurize({ relationContextWords: 8, maxTokens: 13 });

    expect(features[0]?.tokenIds).toEqual([100, 2, 3, 201, 4, 4, 303, 5, 202, 304, 6, 7, 101]);
    expect(notices).toEqual([
      // Two words before, two after: nine tokens, of which seven fit beside two special ones and four markers.
      { documentId: "one", sentence: 1, kind: "context-reduced", tokens: 9, room: 7 },
    ]);
  });

  it.each([true, false])(
    "shows of a long sentence what is around each pair, and tells (approximate: %s)",
    async (approximate) => {
      const { features, notices } = await featurize({ approximate, maxTokens: 10 });

      // Four tokens fit: the spans' three and the word before.
      expect(features).toHaveLength(2);
      expect(features[0]?.tokenIds).toEqual(
        approximate ? [100, 3, 4, 4, 5, 101] : [100, 3, 201, 4, 4, 303, 5, 202, 304, 101],
      );
      expect(notices.map(({ kind, tokens, room, pair }) => ({ kind, tokens, room, head: pair?.head.start }))).toEqual([
        { kind: "sentence-cut", tokens: 5, room: 4, head: 1 },
        { kind: "sentence-cut", tokens: 5, room: 4, head: 2 },
      ]);
    },
  );

  it("leaves out pairs that lie too far apart, and tells", async () => {
    const { features, notices } = await featurize({ maxTokens: 8 });

    expect(features).toEqual([]);
    expect(notices.map(({ kind }) => kind)).toEqual(["pair-left-out", "pair-left-out"]);
  });

  it("keeps within what the encoder takes; markers behind the text are not in its way", async () => {
    const { notices: full } = await featurize({}, { encoderTokens: 10 });
    const { notices: approximate } = await featurize({ approximate: true }, { encoderTokens: 7 });

    expect(full.map(({ kind }) => kind)).toEqual(["sentence-cut", "sentence-cut"]);
    expect(approximate).toEqual([]);
  });

  it("loses its end as in the release, if asked to", async () => {
    const { features } = await featurize({ maxTokens: 5 }, { rules: "released" });

    expect(features[0]).toMatchObject({ tokenIds: [100, 3, 201, 4, 4], pairs: [{ headFirst: 2, tailFirst: 0 }] });
  });
});
