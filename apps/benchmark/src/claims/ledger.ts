import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { PaperAdapter } from "../adapter.ts";
import { loadClaims } from "../adapters.ts";
import { writeWhole } from "../write-file.ts";
import { formatClaims, replaceClaims } from "./claims-table.ts";
import { measureClaims, type MeasuredClaim, type Measurements } from "./measure-claims.ts";

/** A paper's claims with what was measured. */
export interface Ledger {
  readonly title: string;
  /** The paper's `benchmark/` folder. */
  readonly directory: URL;
  readonly claims: readonly MeasuredClaim[];
}

/** What a ledger is made for. */
type Paper = Pick<PaperAdapter, "directory" | "title">;

/**
 * Measures the claims of the papers that list some.
 *
 * @throws {AdapterError} If a list is not in order.
 */
export async function readLedgers(papers: readonly Paper[], measurements: Measurements): Promise<Ledger[]> {
  const ledgers = await Promise.all(
    papers.map(async ({ title, directory }) => {
      return { title, directory, claims: measureClaims(await loadClaims({ directory }), title, measurements) };
    }),
  );
  return ledgers.filter(({ claims }) => claims.length > 0);
}

/**
 * Brings the claims in the papers' `PAPER.md` up to date.
 *
 * @returns The files that are there.
 * @throws {RangeError} If one has no place for them; it is named.
 */
export async function writeLedgers(ledgers: readonly Ledger[]): Promise<string[]> {
  const written: string[] = [];
  for (const { directory, claims } of ledgers) {
    const path = fileURLToPath(new URL("../PAPER.md", directory));
    if (!existsSync(path)) continue;
    const before = await readFile(path, "utf8");
    await writeWhole(path, replaceClaims(before, formatClaims(claims), path));
    written.push(path);
  }
  return written;
}
