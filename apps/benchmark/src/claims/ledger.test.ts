import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { describe, expect, it } from "vitest";

import { loadToyAdapter } from "../__fixtures__/toy-context.ts";
import { readResults } from "../results.ts";
import { readKeptSpeed } from "../speed/speed-results.ts";
import { formatClaims, replaceClaims } from "./claims-table.ts";
import { readLedgers, writeLedgers } from "./ledger.ts";

const packages = fileURLToPath(new URL("../../../../packages/", import.meta.url));
const results = fileURLToPath(new URL("../../results/", import.meta.url));
const papers = readdirSync(packages).filter((name) => existsSync(join(packages, name, "PAPER.md")));

/** The name that tables show, as the paper's adapter has it. */
function titleOf(paper: string): string {
  const code = readFileSync(join(packages, paper, "src", "benchmark.ts"), "utf8");
  return /^ {2}title: "(.+)",$/m.exec(code)?.[1] ?? "";
}

describe("the ledger of each paper", () => {
  it.each(papers)("%s: PAPER.md says what the committed results say", async (paper) => {
    const directory = pathToFileURL(join(packages, paper, "benchmark/"));
    const text = readFileSync(join(packages, paper, "PAPER.md"), "utf8");
    const measurements = { rows: await readResults(results), speed: (await readKeptSpeed(results)).cases };

    const [ledger] = await readLedgers([{ title: titleOf(paper), directory }], measurements);

    // Run "relatum-bench report --claims" where this fails.
    expect(text).toBe(replaceClaims(text, formatClaims(ledger?.claims ?? []), paper));
  });
});

describe("writeLedgers", () => {
  it("brings PAPER.md up to date where there is one", async () => {
    const root = await mkdtemp(join(tmpdir(), "relatum-"));
    const toy = await loadToyAdapter();
    await cp(fileURLToPath(toy.directory), join(root, "benchmark"), { recursive: true });
    const directory = pathToFileURL(join(root, "benchmark/"));
    const ledgers = await readLedgers([{ title: "Toy", directory }], { rows: [], speed: [] });
    const none = await writeLedgers(ledgers);
    const marks = "<!-- claims: written by `relatum-bench report --claims`; do not edit -->\n<!-- /claims -->\n";
    await writeFile(join(root, "PAPER.md"), `# Toy\n\n${marks}`);

    const written = await writeLedgers(ledgers);

    expect([none, written]).toEqual([[], [join(root, "PAPER.md")]]);
    expect(await readFile(join(root, "PAPER.md"), "utf8")).toContain("are not measured.");
    await rm(root, { recursive: true });
  });
});
