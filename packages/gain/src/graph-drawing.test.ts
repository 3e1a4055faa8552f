import type { PaperExtractor } from "@relatum/benchmark";
import type { Document } from "@relatum/datasets";
import { describe, expect, it } from "vitest";

import { adapter } from "./benchmark.ts";
import { describeGraphs } from "./graph-drawing.ts";

const at = (name: string, sentence: number, word: number) => {
  return { name, type: "PER", sentence, start: word, end: word + 1 };
};

/** Ada and Bela share a sentence, so do Bela and Cato. */
const document: Document = {
  id: "example",
  sentences: [
    ["Ada", "knows", "Bela", "."],
    ["Bela", "knows", "Cato", "."],
  ],
  entities: [
    { mentions: [at("Ada", 0, 0)] },
    { mentions: [at("Bela", 0, 2), at("Bela", 1, 0)] },
    { mentions: [at("Cato", 1, 2)] },
  ],
  relations: [
    { head: 0, tail: 1, relation: "knows", evidence: [] },
    { head: 2, tail: 0, relation: "follows", evidence: [] },
  ],
  labelled: true,
};

describe("describeGraphs", () => {
  it("names the nodes of both graphs and the kinds of their edges", () => {
    const [mentions, entities] = describeGraphs(document);

    expect(mentions?.nodes.map(({ label }) => label)).toEqual(["document", "Ada", "Bela", "Bela", "Cato"]);
    expect(mentions?.nodes.map(({ group }) => group)).toEqual([-1, 0, 1, 1, 2]);
    expect(mentions?.edges.filter(({ kind }) => kind === "intra-entity edge")).toHaveLength(2);
    expect(mentions?.edges.filter(({ kind }) => kind === "inter-entity edge")).toHaveLength(4);
    expect(mentions?.edges.filter(({ kind }) => kind === "document edge")).toHaveLength(8);
    expect(entities?.nodes.map(({ label }) => label)).toEqual(["0 Ada", "1 Bela", "2 Cato"]);
    expect(entities?.edges).toHaveLength(4);
  });

  it("shows the paths of a fact that no sentence can state, or of the pair it is given", () => {
    const [, chosen] = describeGraphs(document);
    const [, given] = describeGraphs(document, [0, 2]);
    const [, none] = describeGraphs(document, [0, 1]);

    expect(chosen?.paths).toEqual([[2, 1, 0]]);
    expect(chosen?.title).toBe("Entity graph, paths between 2 Cato and 0 Ada");
    expect(given?.paths).toEqual([[0, 1, 2]]);
    expect(none?.paths).toEqual([]);
  });

  it("shows the pair with the most paths where there are no labels, and none where there is no path", () => {
    const [, unlabelled] = describeGraphs({ ...document, relations: [], labelled: false });
    const [, alone] = describeGraphs({ ...document, entities: document.entities.slice(0, 1), relations: [] });

    expect(unlabelled?.paths).toEqual([[0, 1, 2]]);
    expect(alone).toMatchObject({ title: "Entity graph", paths: [] });
  });

  it("refuses an entity that is not there", () => {
    expect(() => describeGraphs(document, [0, 3])).toThrow(
      new RangeError("pair must hold numbers below the 3 entities, got 3."),
    );
  });
});

describe("adapter.explain", () => {
  it("gives the paths of a pair, both ends among them, without asking the model", async () => {
    const explanation = await adapter.explain?.({} as PaperExtractor, document, [2, 0]);

    expect(explanation).toEqual({ title: "Paths through the entity graph", paths: [[2, 1, 0]] });
  });
});
