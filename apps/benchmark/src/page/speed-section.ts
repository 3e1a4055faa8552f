import { readFile } from "node:fs/promises";

import { z } from "zod";

import { formatSeconds, type SpeedEntry } from "../speed/speed-report.ts";
import { SpeedError } from "../speed/speed-error.ts";
import { markup, type Markup } from "./markup.ts";

const entriesShape: z.ZodType<SpeedEntry[]> = z.array(
  z.looseObject({
    case: z.string(),
    peer: z.enum(["torch", "onnx"]),
    ratio: z.number(),
    memoryRatio: z.number(),
    oursSeconds: z.number(),
    peerSeconds: z.number(),
  }),
);

const PEER_NAMES = { torch: "PyTorch", onnx: "onnxruntime", relatum: "another model of ours" } as const;

/**
 * Reads what `speed --json` wrote.
 *
 * @throws {SpeedError} If the file holds something else.
 */
export async function readSpeed(path: string): Promise<SpeedEntry[]> {
  const checked = entriesShape.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (checked.success) return checked.data;
  throw new SpeedError(
    `${path} must be what speed --json writes, without --growth:\n${z.prettifyError(checked.error)}`,
  );
}

/** Time and memory against other libraries as a table; nothing without measurements. */
export function formatSpeedSection(entries: readonly SpeedEntry[]): Markup | undefined {
  if (entries.length === 0) return undefined;
  return markup`<section id="speed" aria-labelledby="speed-title">
<h2 id="speed-title">Speed and memory</h2>
<p>Ours divided by the counterpart’s, which does the same work on the same machine in turns with ours (medians of pairs): below 1 is
faster, or smaller. Memory is the peak of a whole process.</p>
<div class="scroll" role="region" aria-labelledby="speed-title" tabindex="0">
<table><thead><tr><th scope="col">Work</th><th scope="col">Against</th><th scope="col" class="number">Ours</th><th scope="col" class="number">Theirs</th>
<th scope="col" class="number">Time</th><th scope="col"><span class="hidden">Time, drawn</span></th><th scope="col" class="number">Memory</th></tr></thead>
<tbody>${entries.map(formatEntry)}</tbody></table></div>
</section>`;
}

function formatEntry(entry: SpeedEntry): Markup {
  const { case: name, peer, oursSeconds, peerSeconds, ratio, memoryRatio } = entry;
  return markup`<tr><th scope="row">${name}</th><td>${PEER_NAMES[peer]}</td><td class="number">${formatSeconds(oursSeconds)}</td>
<td class="number">${formatSeconds(peerSeconds)}</td><td class="number main">${ratio.toFixed(2)} ×</td><td>${drawRatio(ratio)}</td>
<td class="number">${memoryRatio.toFixed(2)} ×</td></tr>
`;
}

/** A bar whose half is 1. */
function drawRatio(ratio: number): Markup {
  const width = Math.round(50 * Math.min(2, ratio));
  return markup`<svg class="ratio" width="100" height="14" aria-hidden="true"><rect x="0" y="3" width="${width}" height="8"/><line x1="50" x2="50" y1="0" y2="14"/></svg>`;
}
