import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { unsoundNumbers } from "./__fixtures__/unsound-numbers.ts";
import { parseBiomedicalTable } from "./biomedical-table.ts";
import { formatBiomedicalTable } from "./biomedical-table-writer.ts";
import { formatDocred, parseDocred } from "./docred.ts";
import { parseFacts } from "./facts.ts";
import { DatasetFormatError } from "./format.ts";
import { parseLabels } from "./labels.ts";
import { parsePubtator } from "./pubtator.ts";
import { formatPubtator } from "./pubtator-writer.ts";
import { sampleWorld } from "./sample-world.ts";

const { documents } = sampleWorld({ seed: 5, documents: 3 });
const table = formatBiomedicalTable(documents);
const pubtator = formatPubtator(documents);
const docred = JSON.stringify(formatDocred(documents));

/** A text with a few stretches of it replaced by other text. */
function mutated(text: string): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom("\t", "\n", "|", ":", "-1", "99", "", "\uFEFF", "{"),
  );
  const edit = fc.record({ at: fc.nat(text.length), length: fc.nat(12), piece });
  return fc
    .array(edit, { minLength: 1, maxLength: 4 })
    .map((edits) =>
      edits.reduce(
        (before, { at, length, piece: other }) => before.slice(0, at) + other + before.slice(at + length),
        text,
      ),
    );
}

/** A JSON value with one value within it replaced by another. */
function mutatedJson(json: string): fc.Arbitrary<unknown> {
  const places: (string | number)[][] = [];
  const visit = (value: unknown, path: (string | number)[]): void => {
    places.push(path);
    if (typeof value !== "object" || value === null) return;
    for (const [key, child] of Object.entries(value)) visit(child, [...path, key]);
  };
  visit(JSON.parse(json), []);
  return fc
    .tuple(fc.constantFrom(...places), fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.integer()))
    .map(([path, replacement]) => replaceAt(JSON.parse(json), path, replacement));
}

function replaceAt(value: unknown, path: readonly (string | number)[], replacement: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return replacement;
  const parent = value as Record<string | number, unknown>;
  parent[key] = replaceAt(parent[key], rest, replacement);
  return parent;
}

/** Runs a parser that may only give a value or fail with an error of ours. */
function outcome<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof DatasetFormatError) return undefined;
    throw error;
  }
}

describe("parsers", () => {
  it("give sound documents or an error of ours for any DocRED JSON", () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), mutatedJson(docred)), (json) => {
        expect(unsoundNumbers(outcome(() => parseDocred(json)) ?? [])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("give sound documents or an error of ours for any biomedical table", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), mutated(table)), fc.constantFrom("first", "direction"), (text, headFrom) => {
        expect(unsoundNumbers(outcome(() => parseBiomedicalTable(text, { headFrom })) ?? [])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("give sound documents or an error of ours for any PubTator text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), mutated(pubtator)), (text) => {
        expect(unsoundNumbers(outcome(() => parsePubtator(text)) ?? [])).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("give a value or an error of ours for any facts and labels", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.oneof(fc.string(), fc.json()), (json, text) => {
        expect(() => outcome(() => parseFacts(json))).not.toThrow();
        expect(() => outcome(() => parseLabels(text))).not.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it("read what the writers write, whatever the seed", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const corpus = sampleWorld({ seed, documents: 2 }).documents;
        const fromTable = parseBiomedicalTable(formatBiomedicalTable(corpus));
        const fromPubtator = parsePubtator(formatPubtator(corpus), { candidateTypes: [["PER", "LOC"]] });

        expect(parseDocred(formatDocred(corpus))).toEqual(corpus);
        expect(parseBiomedicalTable(formatBiomedicalTable(fromTable))).toEqual(fromTable);
        expect(parsePubtator(formatPubtator(fromPubtator), { candidateTypes: [["PER", "LOC"]] })).toEqual(fromPubtator);
      }),
      { numRuns: 20 },
    );
  });

  it.each<[string, (times: number) => () => unknown]>([
    [
      "DocRED",
      (times) =>
        (
          (json: unknown) => () =>
            parseDocred(json)
        )(repeated(JSON.parse(docred) as unknown[], times)),
    ],
    [
      "a biomedical table",
      (times) =>
        (
          (text: string) => () =>
            parseBiomedicalTable(text)
        )(table.repeat(times)),
    ],
    [
      "PubTator",
      (times) =>
        (
          (text: string) => () =>
            parsePubtator(text)
        )(pubtator.repeat(times)),
    ],
    [
      "one long abstract",
      (times) =>
        (
          (text: string) => () =>
            parsePubtator(text)
        )(longAbstract(times * 20)),
    ],
  ])("take time in proportion to the length of %s", (_, prepare) => {
    const [short, long] = [prepare(20), prepare(320)];
    const milliseconds = (parse: () => unknown): number => {
      const start = performance.now();
      parse();
      return performance.now() - start;
    };

    // Sixteen times the work; a quadratic parser takes 256 times as long, a linear one far less in some attempt.
    const ratios = Array.from({ length: 6 }, () => milliseconds(long) / milliseconds(short));

    expect(Math.min(...ratios)).toBeLessThan(80);
  });
});

function repeated<T>(items: readonly T[], times: number): T[] {
  return Array.from({ length: times }, () => items).flat();
}

/** One document whose abstract names a drug as often as told. */
function longAbstract(times: number): string {
  const abstract = "Zolmide was given. ".repeat(times);
  const mentions = Array.from({ length: times }, (_, index) => {
    const start = 2 + index * 19;
    return `1\t${start}\t${start + 7}\tZolmide\tChemical\tC1`;
  });
  return [`1|t|T`, `1|a|${abstract}`, ...mentions].join("\n");
}
