import type { GrowthRow } from "../speed/growth.ts";
import { formatSeconds, type SpeedEntry } from "../speed/speed-report.ts";
import type { SpeedResults } from "../speed/speed-results.ts";
import { markup, type Markup } from "./markup.ts";

const PEER_NAMES = { torch: "PyTorch", onnx: "onnxruntime", relatum: "another model of ours" } as const;

/** Time and memory against other libraries, and how they grow; nothing without measurements. */
export function formatSpeedSection({ cases, growth }: SpeedResults): Markup | undefined {
  if (cases.length + growth.length === 0) return undefined;
  return markup`<section id="speed" aria-labelledby="speed-title">
<h2 id="speed-title">Speed and memory</h2>
<p>Ours divided by the counterpart’s, which does the same work on the same machine in turns with ours (medians of pairs): below 1 is
faster, or smaller. Memory is the peak of a whole process.</p>
${cases.length === 0 ? undefined : formatCases(cases)}
${growth.length === 0 ? undefined : formatGrowth(growth)}
</section>`;
}

function formatCases(entries: readonly SpeedEntry[]): Markup {
  return markup`<div class="scroll" role="region" aria-labelledby="speed-title" tabindex="0">
<table><thead><tr><th scope="col">Work</th><th scope="col">Against</th><th scope="col" class="number">Ours</th><th scope="col" class="number">Theirs</th>
<th scope="col" class="number">Time</th><th scope="col"><span class="hidden">Time, drawn</span></th><th scope="col" class="number">Memory</th></tr></thead>
<tbody>${entries.map(formatEntry)}</tbody></table></div>`;
}

/** A table for each thing that grows, side by side where there is room. */
function formatGrowth(rows: readonly GrowthRow[]): Markup {
  const tables = [...new Set(rows.map(({ table }) => table))];
  return markup`<h3>How time and memory grow</h3>
<div class="growth">${tables.map((table, index) => {
    const own = rows.filter((row) => row.table === table);
    const slowest = Math.max(...own.map(({ seconds }) => seconds));
    return markup`<div class="scroll" role="region" aria-labelledby="growth-${index}" tabindex="0">
<table><caption id="growth-${index}">${table}</caption>
<thead><tr><th scope="col" class="number">Size</th><th scope="col" class="number">Time</th><th scope="col"><span class="hidden">Time, drawn</span></th>
<th scope="col" class="number">Time for each</th><th scope="col" class="number">Peak memory</th></tr></thead>
<tbody>${own.map((row) => formatGrowthRow(row, slowest))}</tbody></table></div>
`;
  })}</div>`;
}

function formatGrowthRow({ size, seconds, peakBytes }: GrowthRow, slowest: number): Markup {
  const width = Math.max(1, Math.round((100 * seconds) / slowest));
  return markup`<tr><th scope="row" class="number">${size.toLocaleString("en")}</th><td class="number main">${formatSeconds(seconds)}</td>
<td><svg class="ratio" width="100" height="14" aria-hidden="true"><rect x="0" y="3" width="${width}" height="8"/></svg></td>
<td class="number">${formatSeconds(seconds / size)}</td><td class="number">${(peakBytes / 2 ** 30).toFixed(2)} GiB</td></tr>
`;
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
