import type { Ledger } from "../claims/ledger.ts";
import type { ResultRow } from "../results.ts";
import type { SpeedResults } from "../speed/speed-results.ts";
import { formatAblationsSection } from "./ablations-section.ts";
import type { PageAssets } from "./assets.ts";
import { modelNames, type PageChart } from "./charts.ts";
import { formatClaimsSection } from "./claims-section.ts";
import { COLOURS, roundOf } from "./colours.ts";
import type { Comparison } from "./intervals.ts";
import { embedJson, markup, type Markup, trustMarkup } from "./markup.ts";
import type { ReaderRun } from "./reader-data.ts";
import { formatReaderSection } from "./reader-section.ts";
import { formatResultsSection } from "./results-section.ts";
import { type Setting, SPLITS } from "./settings.ts";
import { formatSpeedSection } from "./speed-section.ts";
import { formatTestsSection } from "./tests-section.ts";

/** Everything that the page shows. */
export interface PageContent {
  readonly settings: readonly Setting[];
  readonly comparisons: readonly Comparison[];
  readonly charts: readonly PageChart[];
  readonly readings: readonly ReaderRun[];
  readonly speed: SpeedResults;
  readonly rows: readonly ResultRow[];
  readonly ledgers: readonly Ledger[];
}

/** How the legend marks the first models that have a colour, the next, and all others. */
const ROUNDS = ["first", "second", "third"] as const;

const CHART_SECTIONS = [
  {
    id: "learning",
    title: "Learning curves",
    text: "A line for each seed. Losses of different models are different quantities: compare their course, not their height.",
  },
  {
    id: "curves",
    title: "Precision and recall",
    text: "From the surest relation on: through all pairs, where the run kept them, else to the last relation that it returned. The dot is the model’s own threshold.",
  },
  {
    id: "groups",
    title: "Where models differ",
    text: "F1 by the number of entities in a document (as in figure 4 of the ATLOP paper), and by whether a fact lies within a sentence (intra), across sentences (inter), or follows from two others (infer).",
  },
  {
    id: "figures",
    title: "The papers’ figures",
    text: "Drawn from our runs. Where the paper’s own points stand beside, they are of its encoder, its recipe and its machine.",
  },
] as const;

/** Writes the page: one HTML document that asks nothing of the network. */
export function formatPage(content: PageContent, assets: PageAssets): string {
  const { settings, comparisons, charts, readings, speed, rows, ledgers } = content;
  const results = formatResultsSection(settings);
  const tests = formatTestsSection(comparisons);
  const chartSections = CHART_SECTIONS.map((section) => formatChartSection(section, charts));
  const ablations = formatAblationsSection(rows);
  const claims = formatClaimsSection(ledgers);
  const measured = formatSpeedSection(speed);
  const links = [
    ["results", "Results", results],
    ["tests", "Tests", tests],
    ["ablations", "Ablations", ablations],
    ["claims", "Claims", claims],
    ...CHART_SECTIONS.map(({ id, title }, index) => [id, title, chartSections[index]] as const),
    ["speed", "Speed", measured],
    ["reader", "Reader", results],
    ["repeat", "Repeat", results],
  ] as const;
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>Relatum · benchmark report</title>
<style>${trustMarkup(assets.style)}</style>
</head>
<body>
<a class="skip" href="#results">Skip to the results</a>
<header>
<p class="kicker">Relatum</p>
<h1>Benchmark report</h1>
<p class="summary">${summarize(settings)}</p>
</header>
<nav aria-label="Parts of the page"><ul>${links.map(([id, title, part]) => (part === undefined ? undefined : markup`<li><a href="#${id}">${title}</a></li>`))}</ul></nav>
<main>
${formatFilter(settings)}
${results}
${tests}
${ablations}
${claims}
${chartSections}
${measured}
${formatReaderSection(readings)}
${formatRepeatSection(settings)}
</main>
<script type="application/json" id="chart-data">${embedJson(charts.map(({ id, spec }) => ({ id, spec })))}</script>
<script type="application/json" id="reader-data">${embedJson(readings)}</script>
${[...assets.libraries, ...assets.scripts].map((script) => markup`<script>${trustMarkup(script)}</script>\n`)}
</body>
</html>
`;
  return page.html;
}

function summarize(settings: readonly Setting[]): string {
  const count = (values: readonly string[], one: string, many: string): string => {
    const different = new Set(values).size;
    return `${different} ${different === 1 ? one : many}`;
  };
  const runs = settings.flatMap((setting) => setting.runs);
  const models = count(modelNames(settings), "model", "models");
  const datasets = count(
    settings.map(({ dataset }) => dataset),
    "data set",
    "data sets",
  );
  return `${models} on ${datasets}, ${runs.length} ${runs.length === 1 ? "run" : "runs"}.`;
}

/** Which rows and charts are shown; the script makes it work. */
function formatFilter(settings: readonly Setting[]): Markup {
  const models = modelNames(settings);
  const select = (name: string, title: string, values: readonly string[]): Markup =>
    markup`<label>${title} <select name="${name}"><option value="">all</option>${values.map((value) => markup`<option>${value}</option>`)}</select></label>`;
  return markup`<form id="filter" aria-label="Filter of results and charts">
${select("model", "Model", models)}
${select("dataset", "Data set", [...new Set(settings.map(({ dataset }) => dataset))])}
${select("split", "Documents", SPLITS)}
<output aria-live="polite"></output>
<ul class="legend" aria-label="Colours of the models">${models.map((model, index) => markup`<li data-model="${model}"><i class="${ROUNDS[roundOf(index)]}" style="--series: var(--series-${index % COLOURS})"></i>${model}</li>`)}</ul>
</form>`;
}

function formatChartSection(
  { id, title, text }: (typeof CHART_SECTIONS)[number],
  charts: readonly PageChart[],
): Markup | undefined {
  const own = charts.filter(({ section }) => section === id);
  if (own.length === 0) return undefined;
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<p>${text}</p>
<div class="charts">${own.map(formatChart)}</div>
</section>`;
}

function formatChart({ id, dataset, split, title, description }: PageChart): Markup {
  return markup`<figure data-chart="${id}" data-dataset="${dataset}"${split === undefined ? undefined : markup` data-split="${split}"`}>
<figcaption>${title}<span class="hidden">. ${description}</span></figcaption>
<div class="chart"></div>
</figure>
`;
}

/** The commands, and what the runs were made with. */
function formatRepeatSection(settings: readonly Setting[]): Markup {
  const commands = [...new Set(settings.flatMap(({ rows }) => rows.map(({ command }) => command)))];
  const made = [
    ...new Set(
      settings.flatMap(({ runs }) =>
        runs.map(({ config: { engine, versions } }) => {
          const shown = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
          return `Engine ${engine}; ${shown.join(", ")}.`;
        }),
      ),
    ),
  ];
  return markup`<section id="repeat" aria-labelledby="repeat-title">
<h2 id="repeat-title">To repeat this</h2>
<p>From the root of the repository; <code>DATA</code> is the folder with the data sets.</p>
<ul class="commands">${commands.map((command) => markup`<li><code>${command}</code></li>`)}</ul>
<ul class="notes">${made.map((text) => markup`<li>${text}</li>`)}</ul>
</section>`;
}
