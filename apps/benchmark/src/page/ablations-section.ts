import { type AblationCell, type AblationGroup, ABLATIONS_NOTE, groupAblations, signed } from "../ablations.ts";
import type { ResultRow } from "../results.ts";
import { markup, type Markup } from "./markup.ts";

/** Models and their variants, a table for each split of a data set; nothing where no variant was measured. */
export function formatAblationsSection(rows: readonly ResultRow[]): Markup | undefined {
  const groups = groupAblations(rows);
  if (groups.length === 0) return undefined;
  return markup`<section id="ablations" aria-labelledby="ablations-title">
<h2 id="ablations-title">Ablations</h2>
<p>${ABLATIONS_NOTE}</p>
${groups.map(formatGroup)}
</section>`;
}

function formatGroup({ title, dataset, split, metrics, lines }: AblationGroup, index: number): Markup {
  const id = `ablations-${index}`;
  return markup`<div class="block" data-dataset="${dataset}" data-split="${split}">
<h3 id="${id}">${title}</h3>
<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
<table><thead><tr><th scope="col">Model</th><th scope="col">Encoder</th><th scope="col" class="number">Epochs</th><th scope="col" class="number">Seeds</th>
${metrics.map((metric) => markup`<th scope="col" class="number">${metric}</th>`)}</tr></thead>
<tbody>${lines.map(
    ({
      row,
      cells,
    }) => markup`<tr><th scope="row">${row.model} <span class="soft">${row.variant}</span></th><td>${row.encoder}</td>
<td class="number">${row.epochs ?? "–"}</td><td class="number">${row.seeds.length}</td>${cells.map(formatCell)}</tr>
`,
  )}</tbody></table></div>
</div>`;
}

function formatCell(cell: AblationCell | undefined): Markup {
  if (cell === undefined) return markup`<td class="number">–</td>`;
  const { mean, difference } = cell;
  const change = difference === undefined ? undefined : markup` <small>${signed(difference)}</small>`;
  return markup`<td class="number">${mean.toFixed(2)}${change}</td>`;
}
