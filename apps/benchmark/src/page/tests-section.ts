import type { Comparison } from "./intervals.ts";
import { markup, type Markup } from "./markup.ts";

/** Below it, chance alone is an unlikely reason. */
const SIGNIFICANT = 0.05;

/** The paired tests as a table; nothing where no two models read the same documents. */
export function formatTestsSection(comparisons: readonly Comparison[]): Markup | undefined {
  if (comparisons.length === 0) return undefined;
  return markup`<section id="tests" aria-labelledby="tests-title">
<h2 id="tests-title">Paired tests</h2>
<p>Two models on the same documents (every two of a few; of more, the papers’ models, and what an ablation or a claim sets side by
side): the difference of their F1 in points over the seeds that both have, its 95&nbsp;% interval (bootstrap over documents) and the probability of one as large if they were equally good (approximate randomization,
10,000 rounds). Documents are drawn anew, seeds are not: of one seed each, it says nothing about training again. Not corrected for the
number of tests.</p>
<div class="scroll" role="region" aria-labelledby="tests-title" tabindex="0">
<table><thead><tr><th scope="col">Models</th><th scope="col">Documents</th><th scope="col" class="number">Seeds</th>
<th scope="col" class="number">Difference</th><th scope="col" class="number">Interval</th><th scope="col" class="number">p</th><th scope="col">Reading</th></tr></thead>
<tbody>${comparisons.map(formatComparison)}</tbody></table></div>
</section>`;
}

function formatComparison({ first, second, split, seeds, difference, interval, pValue }: Comparison): Markup {
  const models = [first.label, second.label];
  const better = difference > 0 ? first.label : second.label;
  const reading = pValue < SIGNIFICANT ? `${better} is better` : "no clear difference";
  return markup`<tr data-dataset="${first.dataset}" data-split="${split}" data-models="${JSON.stringify(models)}">
<th scope="row">${first.label} <span class="soft">against</span> ${second.label}</th><td>${first.dataset} · ${split}</td>
<td class="number">${seeds}</td><td class="number main">${signed(difference)}</td>
<td class="number">${signed(interval.low)} to ${signed(interval.high)}</td>
<td class="number">${pValue < 0.001 ? "< 0.001" : pValue.toFixed(3)}</td><td>${reading}</td></tr>
`;
}

function signed(value: number): string {
  const shown = Math.abs(value).toFixed(2);
  return Number(shown) === 0 ? shown : `${value < 0 ? "−" : "+"}${shown}`;
}
