import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** What one harness did: a row of the table in docs/reliability.md. */
export interface FaultRecord {
  /** The part of the table: "Training", "Hostile files", "Installation and downloads", "Memory and long runs", … */
  readonly area: string;
  /** What was done, in a line: "SIGKILL at random moments, ATLOP". */
  readonly fault: string;
  /** How many times, or how many inputs. */
  readonly tried: number;
  /** After how many of them everything went on as it must. */
  readonly survived: number;
  /** After how many of them work that was done was gone, or a process had died without one of our errors. */
  readonly lost: number;
  /** The defect that was planted to show that the harness sees one: "a checkpoint renamed before it is whole". */
  readonly planted: string;
  /** The seed of the random choices. */
  readonly seed?: number;
}

/** The folder of the last run's records. */
export const RECORDS: string = fileURLToPath(new URL("../../coverage/faults/", import.meta.url));

/** Keeps a harness's record for the table, replacing the one of its last run. */
export function recordFault(record: FaultRecord): void {
  mkdirSync(RECORDS, { recursive: true });
  const name = `${record.area} ${record.fault}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  writeFileSync(`${RECORDS}${name}.json.part`, `${JSON.stringify(record, undefined, 2)}\n`);
  renameSync(`${RECORDS}${name}.json.part`, `${RECORDS}${name}.json`);
}
