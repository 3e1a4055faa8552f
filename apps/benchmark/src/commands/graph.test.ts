import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Document, formatDocred, sampleWorld } from "@relatum/datasets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { loadToyAdapter, toyContext } from "../__fixtures__/toy-context.ts";
import type { PaperAdapter } from "../adapter.ts";
import type { CommandContext } from "../command-context.ts";
import { graphCommand } from "./graph.ts";

const documents = sampleWorld({ seed: 3, documents: 2 }).documents;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-graph-"));
  await writeFile(join(root, "documents.json"), JSON.stringify(formatDocred(documents)));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Draws each entity as a node and the pair asked for as a path. */
async function drawingContext(): Promise<CommandContext & { readonly printed: string[] }> {
  const adapter: PaperAdapter = {
    ...(await loadToyAdapter()),
    describeGraphs: ({ id, entities }: Document, pair) => [
      {
        title: id,
        nodes: entities.map((_, group) => ({ label: `entity ${group}`, group })),
        kinds: [],
        edges: [],
        paths: pair ? [pair] : [],
      },
    ],
  };
  return { ...toyContext(), findAdapters: async () => [await loadToyAdapter(), adapter] };
}

const draw = async (options: Partial<Parameters<typeof graphCommand>[1]>): Promise<string> => {
  const out = join(root, "drawings", "graph.svg");
  await graphCommand(join(root, "documents.json"), { format: "docred", out, ...options }, await drawingContext());
  return readFile(out, "utf8");
};

describe("graph", () => {
  it("draws the first document, or the one of an id or a number", async () => {
    const [first, second] = documents as [Document, Document];

    expect(await draw({})).toContain(`>${first.id}</text>`);
    expect(await draw({ document: second.id })).toContain(`>${second.id}</text>`);
    expect(await draw({ document: "1" })).toContain(`>${second.id}</text>`);
  });

  it("hands on the pair whose paths are wanted", async () => {
    const withoutPair = await draw({});

    const withPair = await draw({ pair: [0, 2] });

    expect(withPair.length).toBeGreaterThan(withoutPair.length);
  });

  it("says what it drew and where", async () => {
    const context = await drawingContext();
    const out = join(root, "said.svg");

    await graphCommand(join(root, "documents.json"), { format: "docred", out }, context);

    const { id, entities } = documents[0] as Document;
    expect(context.printed).toEqual([`Toy, document "${id}": ${entities.length} nodes, 0 edges: ${out}`]);
  });

  it("refuses a document that is not there, and a paper that draws nothing", async () => {
    await expect(draw({ document: "7" })).rejects.toThrow('document must be an id or a number below 2, got "7".');
    const plain = graphCommand(
      join(root, "documents.json"),
      { format: "docred", out: "x.svg", paper: "toy" },
      toyContext(),
    );
    await expect(plain).rejects.toThrow("paper must be one that builds graphs of documents, got toy.");
  });
});
