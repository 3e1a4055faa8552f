import type { ConfidenceInterval } from "@relatum/metrics";

import { meanOf, type ResultRow } from "../results.ts";
import { formatPercent } from "../score-table.ts";
import { MAIN_METRIC } from "../scoring.ts";
import { intervalOf } from "./intervals.ts";
import { markup, type Markup } from "./markup.ts";
import { drawAxis, drawScores, type PlotScores, plotScale } from "./score-plot.ts";
import { type Setting, type Split, SPLITS } from "./settings.ts";

/** Metrics shown beside the main one, where a table has them; the others are in `results.json`. */
const BESIDE = [
  "Ign F1",
  "AUC",
  "Ign AUC",
  "Rel+ F1",
  "Ent F1",
  "Intra F1",
  "Inter F1",
  "Infer F1",
  "Precision",
  "Recall",
];

interface Line {
  readonly setting: Setting;
  readonly main: ResultRow;
  readonly interval: ConfidenceInterval | undefined;
}

/** The results of every data set and split, a table each. */
export function formatResultsSection(settings: readonly Setting[]): Markup {
  const datasets = [...new Set(settings.map(({ dataset }) => dataset))];
  return markup`<section id="results" aria-labelledby="results-title">
<h2 id="results-title">Results</h2>
<p>Scores in percent, means over the seeds. ${markup`<dfn>Interval</dfn>`}: where F1 lies with 95&nbsp;% confidence if other
documents of the same kind had been drawn (percentile bootstrap over documents, the seeds together). <dfn>Authors’ code</dfn>: what
the paper’s own code reaches on the same data with the same encoder. <dfn>Published</dfn>: what the paper prints; where a note names
another encoder, other data or another recipe, it is no yardstick.</p>
${formatKey()}
${datasets.flatMap((dataset) => {
  const own = settings.filter((setting) => setting.dataset === dataset);
  return SPLITS.flatMap((split) => [
    formatTable(
      `${dataset} · ${split}`,
      split,
      own.filter(({ task }) => task === "document"),
    ),
    formatTable(
      `${dataset} · ${split}, sentence by sentence`,
      split,
      own.filter(({ task }) => task === "sentence"),
    ),
  ]);
})}
</section>`;
}

/** The settings of one data set and task as a table; nothing where the split was not scored. */
function formatTable(title: string, split: Split, settings: readonly Setting[]): Markup | undefined {
  const lines = settings.flatMap((setting): Line[] => {
    const main = findRow(setting, split, MAIN_METRIC[setting.task]);
    return main === undefined ? [] : [{ setting, main, interval: intervalOf(setting, split) }];
  });
  const [first] = lines;
  if (first === undefined) return undefined;
  const names = BESIDE.filter((name) => lines.some(({ setting }) => findRow(setting, split, name) !== undefined));
  const scale = plotScale(lines.map(scoresOf));
  const notes = [...new Set(lines.map(({ main }) => main.differences.join("; ")).filter((note) => note !== ""))];
  const encoders = [...new Set(lines.map(({ setting }) => setting.encoder))];
  // One for all is said above the table.
  const [encoder] = encoders.length === 1 ? encoders : [];
  const id = `results-${title}`.replaceAll(/[^\w-]+/g, "-");
  return markup`<div class="block" data-dataset="${first.setting.dataset}" data-split="${split}">
<h3 id="${id}">${title}${encoder === undefined ? undefined : markup` <span class="soft">· ${encoder}</span>`}</h3>
<div class="scroll" role="region" aria-labelledby="${id}" tabindex="0">
<table class="results">
<thead><tr><th scope="col">Model</th>${encoder === undefined ? markup`<th scope="col">Encoder</th>` : undefined}<th scope="col" class="number">${first.main.metric}</th>
<th scope="col" class="number">Interval</th><th scope="col" class="plot">${drawAxis(scale)}</th>
${names.map((name) => markup`<th scope="col" class="number">${name.replace(/ F1$/, "")}</th>`)}
<th scope="col" class="number">Authors’ code</th><th scope="col" class="number">Published</th></tr></thead>
<tbody>${lines.map((line) => formatLine(line, { split, names, notes, scale, encoder }))}</tbody>
</table></div>
${formatNotes(lines, notes)}
</div>`;
}

interface TableParts {
  readonly split: Split;
  readonly names: readonly string[];
  readonly notes: readonly string[];
  readonly scale: ReturnType<typeof plotScale>;
  /** The encoder of all lines; absent where they have several. */
  readonly encoder: string | undefined;
}

function formatLine(line: Line, { split, names, notes, scale, encoder }: TableParts): Markup {
  const { setting, main, interval } = line;
  const note = notes.indexOf(main.differences.join("; "));
  const { reference, published, values } = main;
  return markup`<tr data-model="${setting.label}"><th scope="row">${setting.label}${note < 0 ? undefined : markup`<sup>${letterOf(note)}</sup>`}</th>
${encoder === undefined ? markup`<td>${setting.encoder}</td>` : undefined}
<td class="number main">${formatPercent(main.mean)}${deviationOf(values)}</td>
<td class="number">${interval === undefined ? "–" : `${interval.low.toFixed(1)}–${interval.high.toFixed(1)}`}</td>
<td class="plot">${drawScores(scoresOf(line), scale)}</td>
${names.map((name) => markup`<td class="number">${formatPercent(findRow(setting, split, name)?.mean)}</td>`)}
<td class="number">${reference === undefined ? "–" : markup`${formatPercent(meanOf(reference.values))} <small>${countSeeds(reference.seeds.length)}, ${reference.recipe}</small>`}</td>
<td class="number">${published === undefined ? "–" : markup`${published.value} <small>${published.source}</small>`}</td></tr>
`;
}

/** What differs from the paper, and why intervals are missing. */
function formatNotes(lines: readonly Line[], notes: readonly string[]): Markup | undefined {
  const missing = lines.flatMap(({ setting: { gold, label }, interval }) =>
    interval === undefined
      ? [`${label}: no interval, for ${typeof gold === "string" ? gold : "predictions are missing"}.`]
      : [],
  );
  if (notes.length + missing.length === 0) return undefined;
  return markup`<ul class="notes">${notes.map((note, index) => markup`<li><sup>${letterOf(index)}</sup> ${note}</li>`)}
${missing.map((text) => markup`<li>${text}</li>`)}</ul>`;
}

function formatKey(): Markup {
  const scale = { low: 0, high: 100, ticks: [] };
  const show = (scores: PlotScores, text: string): Markup =>
    markup`<li><span aria-hidden="true">${drawScores(scores, scale, 44)}</span>${text}</li>`;
  return markup`<ul class="key" aria-label="Signs of the plots">
${show({ mean: 50, seeds: [] }, "mean")}${show({ seeds: [30, 55, 70] }, "each seed")}${show({ interval: { low: 10, high: 90 }, seeds: [] }, "95 % interval")}
${show({ reference: 50, seeds: [] }, "authors’ code")}${show({ published: 50, seeds: [] }, "published")}</ul>`;
}

function scoresOf({ main, interval }: Line): PlotScores {
  return {
    mean: main.mean,
    seeds: main.values,
    ...(interval && { interval }),
    ...(main.reference && { reference: meanOf(main.reference.values) }),
    ...(main.published && { published: main.published.value }),
  };
}

function findRow({ rows }: Setting, split: Split, metric: string): ResultRow | undefined {
  return rows.find((row) => row.split === split && row.metric === metric);
}

/** The standard deviation over seeds and how many there are, or that there is one. */
function deviationOf(values: readonly number[]): Markup {
  if (values.length < 2) return markup` <small>1 seed</small>`;
  const mean = meanOf(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
  return markup` <small>±\u00a0${deviation.toFixed(2)}, ${countSeeds(values.length)}</small>`;
}

function countSeeds(count: number): string {
  return count === 1 ? "1\u00a0seed" : `${count}\u00a0seeds`;
}

function letterOf(index: number): string {
  return String.fromCodePoint("a".charCodeAt(0) + (index % 26));
}
