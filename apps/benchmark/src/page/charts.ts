import { entityCountScores, groupScores, precisionRecallPoints } from "./breakdowns.ts";
import { roundOf } from "./colours.ts";
import { learningCurves } from "./learning-curves.ts";
import { type Setting, type Split, SPLITS } from "./settings.ts";

/** A chart of the page; the page filters by the field `model` of its data, where they have one. */
export interface PageChart {
  readonly id: string;
  /** The part of the page that it stands in. */
  readonly section: "learning" | "curves" | "groups" | "figures";
  readonly dataset: string;
  /** Absent where the chart is of training. */
  readonly split?: Split;
  readonly title: string;
  /** What it shows, in a sentence, also for those who cannot see it. */
  readonly description: string;
  /** A vega-lite specification without colours. */
  readonly spec: VegaLiteSpec;
}

/** A specification as vega-lite takes it, as far as the page looks into it. */
export interface VegaLiteSpec {
  readonly data: { readonly values: readonly object[] };
  readonly [field: string]: unknown;
}

/** Of every chart, in pixels. */
export const HEIGHT = 230;

/**
 * Draws up the charts of all settings: one of each kind for each data set and split that has something to show.
 *
 * @param figures Charts to stand after them.
 */
export function createCharts(settings: readonly Setting[], figures: readonly Unnumbered[] = []): PageChart[] {
  const models = modelNames(settings);
  const datasets = [...new Set(settings.map(({ dataset }) => dataset))];
  const charts = datasets.flatMap((dataset) => {
    const own = settings.filter((setting) => setting.dataset === dataset);
    return [
      ...learningCharts(dataset, own, models),
      ...SPLITS.flatMap((split) => splitCharts(dataset, split, own, models)),
    ];
  });
  return [...charts, ...figures].map((chart, index) => ({ ...chart, id: `chart-${index}` }));
}

/** Models in the order of their colours. */
export function modelNames(settings: readonly Setting[]): string[] {
  return [...new Set(settings.map(({ label }) => label))];
}

/** A chart without its place on the page. */
export type Unnumbered = Omit<PageChart, "id">;

function learningCharts(dataset: string, settings: readonly Setting[], models: readonly string[]): Unnumbered[] {
  const curves = settings.flatMap((setting) => learningCurves(setting));
  return [...new Set(curves.map(({ stage }) => stage))].flatMap((stage): Unnumbered[] => {
    const own = curves.filter((candidate) => candidate.stage === stage);
    const of = stage === undefined ? dataset : `${dataset}, ${stage} model`;
    const base = { section: "learning", dataset } as const;
    const encode = (x: string, y: string, height: object): object => ({
      x: { field: "x", type: "quantitative", title: x, axis: { tickMinStep: 1, grid: false } },
      y: { field: "y", type: "quantitative", title: y, ...height },
      color: colourOf(models),
      strokeDash: dashOf(models),
      detail: { field: "seed" },
      tooltip: tooltipOf("model", "seed", ["x", x], ["y", y]),
    });
    const losses = own.flatMap((candidate) => candidate.losses);
    const scores = own.flatMap((candidate) => candidate.scores);
    const line = { type: "line", strokeWidth: 1.6, opacity: 0.8, interpolate: "monotone" };
    return [
      ...draw(losses, {
        ...base,
        title: `Training loss · ${of}`,
        description: `Training loss by step on ${of}, a line for each seed, on a logarithmic scale.`,
        spec: {
          mark: line,
          encoding: encode("step", "loss", { scale: { type: "log", nice: false }, axis: { grid: false } }),
        },
      }),
      ...draw(scores, {
        ...base,
        title: `Development score · ${of}`,
        description: `Development score in percent after each epoch on ${of}, a line for each seed.`,
        spec: {
          mark: { ...line, interpolate: "linear", point: { size: 26 } },
          encoding: encode("epoch", "score", { scale: percentScale(scores.map(({ y }) => y)) }),
        },
      }),
    ];
  });
}

function splitCharts(
  dataset: string,
  split: Split,
  settings: readonly Setting[],
  models: readonly string[],
): Unnumbered[] {
  const of = `${dataset} ${split}`;
  const points = settings.flatMap((setting) => precisionRecallPoints(setting, split));
  const counts = settings.flatMap((setting) => entityCountScores(setting, split));
  const groups = settings.flatMap((setting) => groupScores(setting, split));
  const groupNames = [...new Set(groups.map(({ group }) => group))];
  return [
    ...draw(points, {
      section: "curves",
      dataset,
      split,
      title: `Precision and recall · ${of}`,
      description:
        `Precision against recall on ${of} as the least score falls, a line for each seed; ` +
        "a dot is where the model's own threshold lies.",
      spec: precisionRecallSpec(models),
    }),
    ...draw(counts, {
      section: "groups",
      dataset,
      split,
      title: `F1 by number of entities · ${of}`,
      description: `F1 of the documents of ${of} with so many entities, the mean over seeds.`,
      spec: {
        mark: { type: "line", strokeWidth: 1.6, point: { size: 40 } },
        encoding: {
          x: {
            field: "entities",
            type: "ordinal",
            sort: null,
            title: "entities in the document",
            axis: { labelAngle: 0 },
          },
          y: { field: "f1", type: "quantitative", title: "F1", scale: percentScale(counts.map(({ f1 }) => f1)) },
          color: colourOf(models),
          strokeDash: dashOf(models),
          tooltip: tooltipOf("model", "entities", "documents", ["f1", "F1"]),
        },
      },
    }),
    ...draw(groups, {
      section: "groups",
      dataset,
      split,
      title: `F1 by kind of fact · ${of}`,
      description: `F1 of ${of} by kind of fact (${groupNames.join(", ")}), the mean over seeds.`,
      spec: {
        mark: { type: "bar", cornerRadiusEnd: 2 },
        encoding: {
          x: {
            field: "group",
            type: "nominal",
            sort: null,
            title: null,
            axis: { labelAngle: 0 },
            scale: { paddingInner: settings.length > 1 ? 0.3 : 0.6, paddingOuter: 0.3 },
          },
          xOffset: { field: "model", sort: models, scale: { paddingInner: 0.12 } },
          y: { field: "f1", type: "quantitative", title: "F1", scale: percentScale(groups.map(({ f1 }) => f1)) },
          color: colourOf(models),
          opacity: fullnessOf(models),
          tooltip: tooltipOf("model", ["group", "facts"], ["f1", "F1"]),
        },
      },
    }),
  ];
}

/** A line for each seed with a dot at its own threshold. */
function precisionRecallSpec(models: readonly string[]): object {
  const axis = (field: string): object => ({ field, type: "quantitative", title: field, scale: { zero: true } });
  const encoding = { x: axis("recall"), y: axis("precision"), color: colourOf(models), detail: { field: "seed" } };
  const tooltip = tooltipOf("model", "seed", "recall", "precision");
  return {
    encoding,
    layer: [
      {
        mark: { type: "line", strokeWidth: 1.6, opacity: 0.8 },
        encoding: { order: { field: "order" }, strokeDash: dashOf(models) },
        transform: [{ filter: "datum.order >= 0" }],
      },
      { transform: [{ filter: "datum.last" }], mark: { type: "point", filled: true, size: 42 }, encoding: { tooltip } },
    ],
  };
}

/** A chart of values; none of no values. */
function draw(
  values: readonly { readonly model: string }[],
  { spec, ...chart }: Omit<Unnumbered, "spec"> & { readonly spec: object },
): Unnumbered[] {
  if (values.length === 0) return [];
  const { description } = chart;
  return [{ ...chart, spec: { description, width: "container", height: HEIGHT, data: { values }, ...spec } }];
}

/** A scale from 0 to the multiple of 10 above the highest value. */
function percentScale(values: readonly number[]): object {
  return { domain: [0, Math.max(10, 10 * Math.ceil(Math.max(...values) / 10))] };
}

/** One colour a model on the whole page; the page has a legend of its own. */
function colourOf(models: readonly string[]): object {
  return { field: "model", scale: { domain: models }, legend: null };
}

/** The lines of models, which tell those of one colour apart. */
const DASHES = [
  [1, 0],
  [6, 3],
  [2, 2],
] as const;

/** One kind of line a model, as {@link colourOf}. */
function dashOf(models: readonly string[]): object {
  return {
    field: "model",
    scale: { domain: models, range: models.map((_, index) => DASHES[roundOf(index)]) },
    legend: null,
  };
}

/** How full the bars of models are, which tells those of one colour apart. */
function fullnessOf(models: readonly string[]): object {
  const range = models.map((_, index) => [1, 0.6, 0.35][roundOf(index)]);
  return { field: "model", type: "ordinal", scale: { domain: models, range }, legend: null };
}

function tooltipOf(...fields: readonly (string | readonly [field: string, title: string])[]): object[] {
  return fields.map((entry) => {
    const [field, title] = typeof entry === "string" ? [entry, entry] : entry;
    return { field, title };
  });
}
