import { describe, expect, it } from "vitest";

import { entityTypes, parseLabels, relationNames, requireLabels, requireUniqueIds } from "./labels.ts";
import { syntheticDocuments } from "./testing.ts";

const documents = syntheticDocuments({ seed: 1, count: 6, relations: ["pays", "Likes", "fears"] });

describe("relationNames and entityTypes", () => {
  it("list the names of the data in an order that does not depend on that of the documents", () => {
    expect(relationNames(documents)).toEqual(["Likes", "fears", "pays"]);
    expect(relationNames(documents.toReversed())).toEqual(relationNames(documents));
    expect(entityTypes(documents)).toEqual(["LOC", "ORG", "PER"]);
  });
});

describe("parseLabels", () => {
  it.each([
    ["a JSON list", '["P17", "P6"]', ["P17", "P6"]],
    ["a list with the class of no relation", '["P17", "NA", "P6"]', ["P17", "P6"]],
    ["names with numbers in any order", '{"P6": 40, "Na": 3, "P17": -2}', ["P17", "P6"]],
    ["names with descriptions", '{"P6": "head of government", "P17": "country"}', ["P6", "P17"]],
    ["a name a line", "\uFEFFP17\r\n\r\n  no_relation\nP6\n", ["P17", "P6"]],
  ])("reads %s", (_, text, labels) => {
    expect(parseLabels(text)).toEqual(labels);
  });

  it.each([
    ["a name twice", "P17\nP6\nP17", 'The file must name each label once, got "P17" twice.'],
    ["a number twice", '{"P6": 1, "P17": 1}', ".P17 must be another number than .P6, got 1."],
    ["a number that is none", '{"P6": 1, "P17": "x"}', '.P17 must be a whole number, got "x".'],
    ["a name that is none", '["P6", 17]', "[1] must be a text, got 17."],
    ["broken JSON", '["P6"', "The file must hold JSON or a label a line, got neither."],
    ["no label", '{"Na": 0}', "The file must name at least one label, got none."],
    ["nothing", "", "The file must name at least one label, got none."],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseLabels(text)).toThrow(message);
  });
});

describe("requireLabels", () => {
  it("passes labelled documents, also those without a relation", () => {
    expect(() => requireLabels([...documents, { ...documents[0]!, relations: [] }])).not.toThrow();
  });

  it("says how many documents have no labels", () => {
    const hidden = documents.map((document) => ({ ...document, labelled: false }));

    expect(() => requireLabels([documents[0]!, ...hidden.slice(1)])).toThrow(
      'Documents must be labelled to be scored, got 5 of 6 without labels (the first is "synthetic-1-1").',
    );
  });
});

describe("requireUniqueIds", () => {
  it("refuses two documents of one id", () => {
    expect(() => requireUniqueIds(documents)).not.toThrow();
    expect(() => requireUniqueIds([...documents, documents[2]!])).toThrow(
      'Documents must have different ids, got two named "synthetic-1-2".',
    );
  });
});
