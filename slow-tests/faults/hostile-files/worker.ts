// Gives inputs to readers, in a process that may hang or die of them: `worker.ts '{"place": …}'`.
import { openSync, writeSync } from "node:fs";

import { hostileInput, type HostileReader, quote, tryInput } from "../../../tools/hostile-readers.ts";
import { beginInput, endInput, guardAllocations } from "./allocation-guard.ts";
import { plantDefect } from "./planted-defects.ts";
import { PLACES } from "./readers.ts";
import type { Job, Told } from "./run-readers.ts";

const job = JSON.parse(process.argv[2] ?? "{}") as Job;
const tell = (told: Told): void => void writeSync(1, `${JSON.stringify(told)}\n`);

const { useEngine } = await import("../../../packages/tensor-utils/src/native/index.ts");
await useEngine("auto");
guardAllocations();
const { HOSTILE_READERS } = await PLACES[job.place]();
const progress = openSync(job.progressFile, "w");

for (const [index, sound] of HOSTILE_READERS.entries()) {
  if (index < job.from.reader || (job.reader !== undefined && sound.name !== job.reader)) continue;
  const reader = job.defect === undefined ? sound : plantDefect(sound, job.defect);
  await workThrough(reader, index, index === job.from.reader ? job.from.number : 0);
}

async function workThrough(reader: HostileReader, index: number, start: number): Promise<void> {
  const inputs = job.inputs[reader.name] ?? 0;
  let harms = 0;
  for (let number = start; number < inputs; number += 1) {
    writeSync(progress, `${index} ${number}`.padEnd(32), 0);
    const input = hostileInput(reader, job.seed, number);
    beginInput(input.length + (reader.bytesBeside ?? 0));
    const problem = await tryInput(reader, input);
    endInput();
    if (problem === undefined) continue;
    tell({ kind: "harm", reader: reader.name, number, problem: `${problem}\n    input: ${quote(input)}` });
    harms += 1;
    if (harms >= job.mostHarms) break;
  }
  tell({ kind: "done", reader: reader.name });
}
