import { type Tokenizer } from "@relatum/encoders";
import { tinyBackbone } from "@relatum/encoders/testing";
import { describe, expect, it } from "vitest";

import { createMarkers, createReleasedMarkers, markersOf } from "./markers.ts";

/** Ids: padding, unknown, start, end are 0–3, then `[unused1]` and on, then words. */
function tokenizerWith(unused: number, words: number): Tokenizer {
  const special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"];
  const names = [...special, ...Array.from({ length: unused }, (_, index) => `[unused${index + 1}]`)];
  return {
    vocabularySize: names.length + words,
    startIds: [2],
    endIds: [3],
    padId: 0,
    prepare: async () => undefined,
    tokenizeWord: () => [1],
    id: (token) => (names.includes(token) ? names.indexOf(token) : 1),
  };
}

const config = { entityTypes: ["Person", "Place"], relationInput: "typed-markers", approximate: false } as const;

describe("createMarkers", () => {
  it("gives every type four unused entries after the untyped four, and no entity the last", () => {
    const markers = createMarkers(tokenizerWith(16, 5), config);

    // [unused1] has id 4; [unused5] to [unused8] are Person's, then Place's, then those of no entity.
    expect(markers).toEqual({
      headStarts: [16, 8, 12],
      headEnds: [17, 9, 13],
      tailStarts: [18, 10, 14],
      tailEnds: [19, 11, 15],
    });
  });

  it("gives all types the same four where markers are untyped", () => {
    const markers = createMarkers(tokenizerWith(16, 5), { ...config, relationInput: "markers" });

    expect(markers.headStarts).toEqual([4, 4, 4]);
    expect(markersOf(markers, { headType: 1, tailType: 2 })).toEqual({
      headStart: 4,
      headEnd: 5,
      tailStart: 6,
      tailEnd: 7,
    });
  });

  it("borrows the last entries of a vocabulary without enough unused ones, but no special one", () => {
    const markers = createMarkers(tokenizerWith(15, 3), config);

    // Ids 4–18 are unused, 19–21 are words: the sixteenth marker is 21.
    expect(markers.tailEnds[0]).toBe(21);
    expect(() => createMarkers(tokenizerWith(3, 5), config)).toThrow(
      new RangeError("vocabulary must have 16 entries to spare for markers, got 8."),
    );
  });

  it("gives the tests' vocabulary different entries for all markers", () => {
    const markers = Object.values(createMarkers(tinyBackbone().tokenizer, config)).flat();

    expect(new Set(markers).size).toBe(12);
  });
});

describe("createReleasedMarkers", () => {
  const pairs = [
    { headType: 2, tailType: 1 },
    { headType: 1, tailType: 1 },
  ];

  it("numbers by first use, six numbers more for the full model's first pair of types", () => {
    const markers = createReleasedMarkers(tokenizerWith(30, 0), config, pairs);

    // The first pair takes 1–4, 5 for its head's type and 6 for its tail's, and then its own markers from [unused7].
    const expected = { headStart: 10, headEnd: 11, tailStart: 12, tailEnd: 13 };
    expect(markersOf(markers, { headType: 2, tailType: 1 })).toEqual(expected);
    // The second takes [unused11] for its head's type.
    expect(markersOf(markers, { headType: 1, tailType: 1 })).toEqual({ ...expected, headStart: 15, headEnd: 16 });
  });

  it("numbers nothing but markers for the approximation", () => {
    const markers = createReleasedMarkers(tokenizerWith(30, 0), { ...config, approximate: true }, pairs);

    expect([markers.headStarts[2], markers.tailStarts[1], markers.headStarts[1]]).toEqual([4, 6, 8]);
  });
});
