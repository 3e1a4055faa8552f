import { describe, expect, it } from "vitest";

import { splitSentences, splitWords } from "./biomedical-text.ts";

const wordsOf = (text: string): string =>
  splitWords(text)
    .map(({ word }) => word)
    .join(" ");
const sentencesOf = (text: string, whole: { start: number; end: number }[] = []): string[] =>
  splitSentences(splitWords(text, whole), whole).map((words) => words.map(({ word }) => word).join(" "));

describe("splitWords", () => {
  it("cuts at white space and around every mark", () => {
    expect(wordsOf("alpha-zolmide (0.5 mg/kg), naïve  β2")).toBe("alpha - zolmide ( 0 . 5 mg / kg ) , naïve β2");
  });

  it("says where each word stands", () => {
    expect(splitWords(" ab,c")).toEqual([
      { word: "ab", start: 1, end: 3 },
      { word: ",", start: 3, end: 4 },
      { word: "c", start: 4, end: 5 },
    ]);
  });

  it("cuts at the edges of what must be made of whole words", () => {
    const words = splitWords("Ca2 and 5HT3", [
      { start: 0, end: 2 },
      { start: 8, end: 11 },
      { start: 9, end: 11 },
    ]);

    expect(words.map(({ word }) => word)).toEqual(["Ca", "2", "and", "5", "HT", "3"]);
  });
});

describe("splitSentences", () => {
  it.each([
    ["two sentences", "One ends. Two ends.", ["One ends .", "Two ends ."]],
    ["a question", "Is it so? It is!", ["Is it so ?", "It is !"]],
    ["a number after the stop", "It rose. 12 died.", ["It rose .", "12 died ."]],
    ["a decimal number", "It was 0.5 mg.", ["It was 0 . 5 mg ."]],
    ["a small letter after the stop", "S. aureus grew.", ["S . aureus grew ."]],
    ["an abbreviation", "Zolmide vs. Placebo", ["Zolmide vs . Placebo"]],
    ["an abbreviation of two stops", "Drugs (e.g. Zolmide) help.", ["Drugs ( e . g . Zolmide ) help ."]],
    ["a bracket that closes after the stop", "(It was.) Then not.", ["( It was . )", "Then not ."]],
    ["no blank after the stop", "See fig.A or text.Now.", ["See fig . A or text . Now ."]],
    ["nothing", "", []],
  ])("knows %s", (_, text, sentences) => {
    expect(sentencesOf(text)).toEqual(sentences);
  });

  it("does not cut what must stay whole", () => {
    expect(sentencesOf("With St. John. B. Virus came.", [{ start: 15, end: 23 }])).toEqual([
      "With St . John .",
      "B . Virus came .",
    ]);
  });
});
