// Prints the table of what `npm run test:faults` tried.
import { existsSync, readdirSync, readFileSync } from "node:fs";

import type { FaultRecord } from "./record.ts";
import { RECORDS } from "./record.ts";

const files = existsSync(RECORDS) ? readdirSync(RECORDS).filter((name) => name.endsWith(".json")) : [];
const records = files
  .toSorted()
  .map((name) => JSON.parse(readFileSync(`${RECORDS}${name}`, "utf8")) as FaultRecord)
  .toSorted((one, other) => one.area.localeCompare(other.area));

console.log("| area | fault | tried | survived | lost work or crashed | the planted defect it catches |");
console.log("|---|---|---|---|---|---|");
for (const { area, fault, tried, survived, lost, planted, seed } of records) {
  const from = seed === undefined ? "" : ` (seed ${seed})`;
  console.log(
    `| ${area} | ${fault}${from} | ${tried.toLocaleString("en")} | ${survived.toLocaleString("en")} | ${lost} | ${planted} |`,
  );
}
