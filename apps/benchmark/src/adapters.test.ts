import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import {
  AdapterError,
  findAdapters,
  loadClaims,
  loadExperiments,
  loadFigures,
  loadPublished,
  pickAdapter,
} from "./adapters.ts";
import { loadToyAdapter, TOY_ADAPTER } from "./__fixtures__/toy-context.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "relatum-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function writePackage(folder: string, name: string, exported: Record<string, unknown>): Promise<void> {
  const directory = join(root, folder);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "package.json"), JSON.stringify({ name, type: "module", exports: exported }));
  const code = `export const adapter = { name: "${name.split("/")[1]}", train() {}, load() {} };`;
  await writeFile(join(directory, "benchmark.js"), code);
}

const namesIn = async (from: string, paper?: string): Promise<string[]> =>
  (await findAdapters({ from: [from], modules: [] }, paper)).map(({ name }) => name);

describe("findAdapters", () => {
  it("finds installed packages that export ./benchmark, from any folder below, and no others", async () => {
    await writePackage("node_modules/@relatum/one", "@relatum/one", { "./benchmark": { default: "./benchmark.js" } });
    await writePackage("node_modules/@relatum/two", "@relatum/two", { ".": { default: "./benchmark.js" } });

    expect(await namesIn(join(root, "some", "folder"))).toEqual(["one"]);
  });

  it("finds the packages of a workspace, each once", async () => {
    const exported = { "./benchmark": { default: "./benchmark.js" } };
    await writeFile(join(root, "pnpm-workspace.yaml"), "");
    await writePackage("packages/one", "@relatum/one", exported);
    await writePackage("packages/two", "@relatum/two", exported);
    await writePackage("node_modules/@relatum/one", "@relatum/one", exported);

    expect(await namesIn(root)).toEqual(["one", "two"]);
  });

  it("loads the wanted package alone, so that a broken one beside it does no harm", async () => {
    await writePackage("node_modules/@relatum/one", "@relatum/one", { "./benchmark": { default: "./benchmark.js" } });
    await writePackage("node_modules/@relatum/two", "@relatum/two", { "./benchmark": { default: "./missing.js" } });

    expect(await namesIn(root, "one")).toEqual(["one"]);
    await expect(namesIn(root)).rejects.toThrow("missing.js could not be loaded");
  });

  it("takes modules by file, which stand before packages of the same name", async () => {
    await writePackage("node_modules/@relatum/toy", "@relatum/toy", { "./benchmark": { default: "./benchmark.js" } });
    const adapters = await findAdapters({ from: [root], modules: [TOY_ADAPTER] });

    expect(adapters.map(({ title }) => title)).toEqual(["Toy"]);
  });

  it("refuses a module without an adapter, one that is not there, and one named twice", async () => {
    const file = join(root, "empty.mjs");
    await writeFile(file, "export const other = 1;");
    const find = (...modules: string[]): Promise<unknown> => findAdapters({ from: [], modules });

    await expect(find(file)).rejects.toThrow("empty.mjs must export an adapter, got other.");
    await expect(find("no-such-module")).rejects.toThrow('adapter must be a file or an installed module, got "no-such');
    await expect(find(TOY_ADAPTER, TOY_ADAPTER)).rejects.toThrow(
      'Adapters must have different names, got "toy" twice.',
    );
  });
});

describe("pickAdapter", () => {
  it("lists the papers there are when the wanted one is not among them", async () => {
    const adapters = [await loadToyAdapter()];

    expect(() => pickAdapter(adapters, "tiy")).toThrow('paper must be one of those installed (toy), got "tiy".');
  });
});

describe("loadExperiments and loadPublished", () => {
  it("read the paper's folder", async () => {
    const adapter = await loadToyAdapter();

    expect((await loadExperiments(adapter)).map(({ name }) => name)).toEqual(["toy-quick", "toy-without-types"]);
    expect(await loadPublished(adapter)).toMatchObject([{ dataset: "World", value: 50.5 }]);
  });
});

describe("loadClaims and loadFigures", () => {
  const directoryOf = (): URL => pathToFileURL(`${root}/`);
  const claim = { id: "one", source: "Table 1", statement: "It is so." };
  const measure = { better: "a", than: "b", metric: "F1" };

  async function claims(...entries: readonly object[]): Promise<unknown> {
    await writeFile(join(root, "claims.json"), JSON.stringify(entries));
    return loadClaims({ directory: directoryOf() });
  }

  it("read the paper's folder, with development documents where no split is named", async () => {
    const { directory } = await loadToyAdapter();

    expect((await loadClaims({ directory })).map(({ id }) => id)).toEqual(["learning-helps", "fast", "hard"]);
    expect((await loadFigures({ directory })).map(({ source }) => source)).toEqual(["Figure 1"]);
    expect(await loadClaims({ directory: directoryOf() })).toEqual([]);
    expect(await loadFigures({ directory: directoryOf() })).toEqual([]);
  });

  it.each([
    ["a claim without measure or reason", [claim], "must have either measures or, in words, why it is unmeasured"],
    [
      "an id that is there twice",
      [
        { ...claim, unmeasured: "x" },
        { ...claim, unmeasured: "x" },
      ],
      'another than "one"',
    ],
    ["a measure of no kind", [{ ...claim, measures: [{ metric: "F1" }] }], 'must have "better" and "than"'],
    ["a field that it does not know", [{ ...claim, measures: [{ ...measure, larger: 1 }] }], '"larger"'],
    ["a statement that would break the table", [{ ...claim, statement: "A|B.", unmeasured: "x" }], "holds no |"],
    ["an experiment that the paper lacks", [{ ...claim, measures: [measure] }], 'got others:\n  one: "a"\n  one: "b"'],
  ])("refuse %s", async (_, entries, message) => {
    await expect(claims(...entries)).rejects.toThrow(message);
    await expect(claims(...entries)).rejects.toThrow("claims.json must");
  });

  it("name the file and the place where it is no JSON", async () => {
    const broken = '[{ "id": "one" ]';
    await writeFile(join(root, "claims.json"), broken);
    await writeFile(join(root, "figures.json"), broken);
    const directory = directoryOf();

    await expect(loadClaims({ directory })).rejects.toThrow(AdapterError);
    await expect(loadClaims({ directory })).rejects.toThrow(/claims\.json must hold JSON: .*position 15/);
    await expect(loadFigures({ directory })).rejects.toThrow(/figures\.json must hold JSON: .*position 15/);
  });

  it("name the figure whose experiment the paper lacks", async () => {
    const point = { experiment: "a", x: 1 };
    const series = [{ name: "ours", metric: "F1", points: [point] }];
    const words = { source: "Figure 1", title: "F1", description: "F1.", split: "test" };
    const figure = { ...words, x: { title: "words" }, y: { title: "F1" }, series };
    await writeFile(join(root, "figures.json"), JSON.stringify([figure]));

    await expect(loadFigures({ directory: directoryOf() })).rejects.toThrow('Figure 1: "a"');
  });
});
