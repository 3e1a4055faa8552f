import { describe, expect, it } from "vitest";

import type { Document } from "./document.ts";
import { formatDocred, parseDocred } from "./docred.ts";
import { relationNames } from "./labels.ts";
import { SAMPLE_SPLITS } from "./sample-names.ts";
import { INFERENCES, SAMPLE_RELATIONS, TEMPLATES } from "./sample-templates.ts";
import { sampleWorld } from "./sample-world.ts";

describe("sampleWorld", () => {
  it("makes the same documents from the same seed, and others from another", () => {
    const first = sampleWorld({ seed: 7, documents: 5 });
    const again = sampleWorld({ seed: 7, documents: 5 });
    const other = sampleWorld({ seed: 8, documents: 5 });

    expect(again).toEqual(first);
    expect(other.documents[0]?.sentences).not.toEqual(first.documents[0]?.sentences);
  });

  it("gives a longer corpus the documents of a shorter one", () => {
    const short = sampleWorld({ seed: 7, documents: 3 });
    const long = sampleWorld({ seed: 7, documents: 6 });

    expect(long.documents.slice(0, 3)).toEqual(short.documents);
  });

  it("keeps to the promised sizes and to what DocRED's form allows", () => {
    const { documents } = sampleWorld({ seed: 1, documents: 100 });

    for (const { sentences, entities } of documents) {
      expect(sentences.length).toBeGreaterThanOrEqual(5);
      expect(sentences.length).toBeLessThanOrEqual(8);
      expect(entities.length).toBeGreaterThanOrEqual(8);
      expect(entities.length).toBeLessThanOrEqual(14);
    }
    expect(parseDocred(formatDocred(documents))).toEqual(documents);
  });

  it("names every mention with the words it stands on, in ASCII", () => {
    const { documents } = sampleWorld({ seed: 1, documents: 50 });

    for (const { sentences, entities } of documents) {
      for (const { name, sentence, start, end } of entities.flatMap(({ mentions }) => mentions)) {
        expect(sentences[sentence]?.slice(start, end).join(" ")).toBe(name);
      }
      expect(sentences.flat().join(" ")).toMatch(/^[\x20-\x7e]+$/);
      expect(sentences.flat().join(" ")).not.toMatch(/[{}]/);
    }
  });

  it("states every relation in every way that it can be", () => {
    const { documents, kinds } = sampleWorld({ seed: 1, documents: 100 });

    const ways = documents.flatMap((document, index) =>
      document.relations.map(({ relation }, fact) => `${relation} ${kinds[index]?.[fact]}`),
    );

    expect(relationNames(documents)).toEqual(SAMPLE_RELATIONS);
    expect(new Set(ways)).toEqual(new Set(waysOfTemplates()));
  });

  it("says truly of each fact whether it is given within a sentence, across two, or by two other facts", () => {
    const { documents, kinds } = sampleWorld({ seed: 2, documents: 100 });

    const untrue = documents.flatMap((document, index) =>
      document.relations.filter(({ head, tail, evidence: [first = -1, second = -1] }, number) => {
        const shared = sharedSentences(document, head, tail);
        switch (kinds[index]?.[number]) {
          case "intra":
            return !shared.includes(first);
          case "inter":
            return shared.length > 0 || second !== first + 1;
          default:
            return shared.length > 0 || !isTwoHop(document, number);
        }
      }),
    );

    expect(untrue).toEqual([]);
    expect(kinds.map((each) => each.length)).toEqual(documents.map(({ relations }) => relations.length));
  });

  it("labels every fact that follows from two others, and no fact twice", () => {
    const { documents } = sampleWorld({ seed: 3, documents: 100 });

    for (const { relations } of documents) {
      const facts = relations.map(({ head, relation, tail }) => `${head} ${relation} ${tail}`);
      expect(new Set(facts).size).toBe(facts.length);
      for (const { first, second, inferred } of INFERENCES) {
        for (const one of relations.filter(({ relation }) => relation === first)) {
          for (const two of relations.filter(({ relation, head }) => relation === second && head === one.tail)) {
            expect(facts).toContain(`${one.head} ${inferred} ${two.tail}`);
          }
        }
      }
    }
  });

  it("shares no name between splits, even with the same seed", () => {
    const [train, development, test] = SAMPLE_SPLITS.map((split) => {
      const { documents } = sampleWorld({ seed: 1, documents: 100, split });
      return new Set(
        documents.flatMap(({ entities }) => entities.flatMap(({ mentions }) => mentions.map(({ name }) => name))),
      );
    });

    expect(common(train, development)).toEqual([]);
    expect(common(train, test)).toEqual([]);
    expect(common(development, test)).toEqual([]);
  });

  it("keeps some phrases out of training", () => {
    const textOf = (split: "train" | "test"): string =>
      sampleWorld({ seed: 1, documents: 200, split })
        .documents.flatMap(({ sentences }) => sentences.map((words) => words.join(" ")))
        .join("\n");

    expect(textOf("test")).toContain("came into the world in");
    expect(textOf("train")).not.toContain("came into the world in");
  });

  it("refuses a number of documents that is no positive integer", () => {
    expect(() => sampleWorld({ seed: 1, documents: 0 })).toThrow("documents must be a positive integer, got 0.");
    expect(() => sampleWorld({ seed: 0.5, documents: 1 })).toThrow("seed must be an integer, got 0.5.");
  });
});

/** Numbers of the sentences that name both entities. */
function sharedSentences({ entities }: Document, head: number, tail: number): number[] {
  const sentences = entities[head]?.mentions.map(({ sentence }) => sentence) ?? [];
  return sentences.filter((sentence) => entities[tail]?.mentions.some((mention) => mention.sentence === sentence));
}

function isTwoHop({ relations }: Document, number: number): boolean {
  const fact = relations[number]!;
  return INFERENCES.some(
    ({ first, second, inferred }) =>
      inferred === fact.relation &&
      relations.some(
        (one) =>
          one.relation === first &&
          one.head === fact.head &&
          relations.some((two) => two.relation === second && two.head === one.tail && two.tail === fact.tail),
      ),
  );
}

function waysOfTemplates(): string[] {
  const stated = TEMPLATES.flatMap(({ relations, named, continued }) =>
    relations.flatMap((relation) => [
      ...(named.length > 0 ? [`${relation} intra`] : []),
      ...(continued.length > 0 ? [`${relation} inter`] : []),
    ]),
  );
  return [...stated, ...INFERENCES.map(({ inferred }) => `${inferred} inferred`)];
}

function common(one: ReadonlySet<string> = new Set(), other: ReadonlySet<string> = new Set()): string[] {
  return [...one].filter((name) => other.has(name));
}
