import { describe, expect, it } from "vitest";

import type { Document } from "./document.ts";
import { factKey, parseFacts, trainFacts } from "./facts.ts";

const person = (name: string): Document["entities"][number]["mentions"][number] => ({
  name,
  type: "PER",
  sentence: 0,
  start: 0,
  end: 1,
});

describe("trainFacts", () => {
  it("holds a fact once for each name of its head with each name of its tail", () => {
    const document: Document = {
      id: "one",
      sentences: [["Ada"]],
      entities: [{ mentions: [person("Ada Voss"), person("Voss"), person("Voss")] }, { mentions: [person("Mellan")] }],
      relations: [{ head: 0, tail: 1, relation: "P19", evidence: [] }],
      labelled: true,
    };

    expect([...trainFacts([document])]).toEqual([
      factKey("Ada Voss", "Mellan", "P19"),
      factKey("Voss", "Mellan", "P19"),
    ]);
  });
});

describe("parseFacts", () => {
  it("reads rows of head name, tail name and relation", () => {
    const facts = parseFacts([
      ["Voss", "Mellan", "P19"],
      ["Voss", "Mellan", "P19"],
    ]);

    expect([...facts]).toEqual([factKey("Voss", "Mellan", "P19")]);
  });

  it.each([
    [{}, "The file must hold a list of facts, got an object."],
    [[["a", "b"]], "[0] must be a list of at least 3, got a list of 2."],
    [
      [
        ["a", "b", "c"],
        ["a", 1, "c"],
      ],
      "[1][1] must be a text, got 1.",
    ],
  ])("refuses %j", (json, message) => {
    expect(() => parseFacts(json)).toThrow(message);
  });
});

describe("factKey", () => {
  it("tells facts apart whatever their names hold", () => {
    expect(factKey("a", 'b","c', "d")).not.toBe(factKey('a","b', "c", "d"));
  });
});
