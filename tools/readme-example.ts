/* oxlint-disable vitest/valid-title, vitest/require-top-level-describe -- declares tests for the test files */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { afterAll, beforeAll, expect, it, vi } from "vitest";

/** What {@link testReadme} tests. */
export interface ReadmeTest {
  /** The test file, in the package's `src`: `import.meta.url`. */
  readonly from: string;
  /** The package's entry points, each of whose names the README must give in backticks. */
  readonly entries: readonly object[];
  /** Texts of the example that a test cannot take as they are, and what to put in their place. */
  readonly replacements?: Readonly<Record<string, string>>;
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** Declares the tests of a package's README: its first example prints what it says, and it names what there is. */
export function testReadme({ from, entries, replacements = {} }: ReadmeTest): void {
  const readme = readFileSync(new URL("../README.md", from), "utf8");

  it("prints what the example of the README says", async () => {
    const example = /```ts\n(.*?)```/su.exec(readme)?.[1] ?? "";
    const expected = /console\.log\(.*\); \/\/ (.*)/u.exec(example)?.[1];
    const printed = vi.spyOn(console, "log").mockImplementation(() => {});
    const folder = mkdtempSync(join(tmpdir(), "relatum-readme-"));
    const path = join(folder, "example.ts");
    const replaced = Object.entries(replacements).reduce((text, [old, other]) => text.replaceAll(old, other), example);
    writeFileSync(path, withSources(replaced, from));

    try {
      await import(pathToFileURL(path).href);

      expect(printed.mock.calls.map((values) => values.join(" "))).toEqual([expected]);
    } finally {
      printed.mockRestore();
      rmSync(folder, { recursive: true });
    }
  });

  it("names every function, class and constant of the package", () => {
    const names = entries.flatMap((entry) => Object.keys(entry));

    expect(names.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });
}

/** What {@link testModelReadme} tests. */
export interface ModelReadmeTest extends Omit<ReadmeTest, "replacements"> {
  /** Makes the encoder that takes the pretrained one's place. */
  readonly createBackbone: () => {
    readonly tokenizer: { prepare(words: Iterable<string>): Promise<void> };
    save(directory: string): Promise<void>;
  };
  /** What the example reads. */
  readonly documents: readonly { readonly sentences: readonly (readonly string[])[] }[];
}

/** Declares the tests of the README of a model on a pretrained encoder; what they save is removed again. */
export function testModelReadme({ createBackbone, documents, ...readme }: ModelReadmeTest): void {
  const folder = mkdtempSync(join(tmpdir(), "relatum-readme-"));
  const [encoder, model] = [join(folder, "encoder"), join(folder, "model")];
  beforeAll(async () => {
    const backbone = createBackbone();
    await backbone.tokenizer.prepare(documents.flatMap(({ sentences }) => sentences.flat()));
    await backbone.save(encoder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const replacements = { '"all-MiniLM-L6-v2"': JSON.stringify(encoder), '"model"': JSON.stringify(model) };
  testReadme({ ...readme, replacements });
}

/** The example with files in place of packages, as it does not lie where packages are found. */
function withSources(example: string, from: string): string {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", from), "utf8")) as Manifest;
  const require = createRequire(from);
  return example.replaceAll(/(?<=from )"([^"]+)"/g, (_, name: string) => {
    if (name !== manifest.name && !name.startsWith(`${manifest.name}/`)) return JSON.stringify(require.resolve(name));
    const targets = manifest.exports[`.${name.slice(manifest.name.length)}`];
    const source = typeof targets === "object" ? targets["@relatum/source"] : targets;
    return JSON.stringify(fileURLToPath(new URL(`../${source}`, from)));
  });
}
