import { meanOf, type ResultRow } from "../results.ts";
import type { SpeedEntry } from "../speed/speed-report.ts";
import {
  type Claim,
  type ClaimMeasure,
  type DifferenceMeasure,
  experimentsOf,
  type LevelMeasure,
  type SpeedMeasure,
} from "./claim.ts";

/** Whether a claim holds: in part where some of its measures hold and others do not. */
export type Verdict = "holds" | "holds in part" | "does not hold" | "not measured";

/** A claim with what was measured. */
export interface MeasuredClaim {
  readonly claim: Claim;
  readonly verdict: Verdict;
  /** One for each measure that could be taken, in their order. */
  readonly findings: readonly Finding[];
  /** Experiments and cases of `speed` that other measures still need. */
  readonly missing: readonly string[];
}

/** What a measure gave. */
export interface Finding {
  /** What was measured: `F1, Re-DocRED-lite development, all-MiniLM-L6-v2`. */
  readonly what: string;
  /** The numbers in words: `49.66 against 48.10: +1.56 (seed 66)`. */
  readonly text: string;
  readonly holds: boolean;
}

/** What claims are measured by. */
export interface Measurements {
  /** Of all papers. */
  readonly rows: readonly ResultRow[];
  readonly speed: readonly SpeedEntry[];
}

/** Sets a paper's claims beside what was measured; `model` is its name in the rows. */
export function measureClaims(claims: readonly Claim[], model: string, measurements: Measurements): MeasuredClaim[] {
  const rows = measurements.rows.filter((row) => row.model === model);
  return claims.map((claim): MeasuredClaim => {
    const taken = claim.measures.map((measure) => ({ measure, finding: take(measure, { ...measurements, rows }) }));
    const findings = taken.flatMap(({ finding }) => finding ?? []);
    const missing = taken.flatMap(({ measure, finding }) => (finding === undefined ? needsOf(measure, rows) : []));
    return { claim, verdict: judge(findings), findings, missing: [...new Set(missing)] };
  });
}

function judge(findings: readonly Finding[]): Verdict {
  const held = findings.filter(({ holds }) => holds).length;
  if (findings.length === 0) return "not measured";
  if (held === findings.length) return "holds";
  return held === 0 ? "does not hold" : "holds in part";
}

function take(measure: ClaimMeasure, { rows, speed }: Measurements): Finding | undefined {
  if ("speed" in measure) return takeSpeed(measure, speed);
  return "of" in measure ? takeLevel(measure, rows) : takeDifference(measure, rows);
}

/** What is missing for a measure: the experiments without a row, or all of them where they lack a score or a seed. */
function needsOf(measure: ClaimMeasure, rows: readonly ResultRow[]): string[] {
  if ("speed" in measure) return [`speed --case ${measure.speed}`];
  const names = experimentsOf(measure);
  const absent = names.filter((name) => rows.every(({ experiment }) => experiment !== name));
  return absent.length > 0 ? absent : names;
}

function takeDifference(measure: DifferenceMeasure, rows: readonly ResultRow[]): Finding | undefined {
  const { metric, thanMetric, moreThan, atLeast, atMost } = measure;
  const first = subtract(measure, rows);
  if (first === undefined) return undefined;
  const numbers = `${show(first.better)} against ${show(first.than)}: ${describe(first)}`;
  const what = `${metric}${thanMetric === undefined ? "" : ` against ${thanMetric}`}, ${placeOf(first.row)}`;
  if (moreThan === undefined) {
    const isAbove = atLeast === undefined ? atMost !== undefined || first.mean > 0 : first.mean >= atLeast;
    const bounds = describeBounds(atLeast, atMost);
    return { what, text: `${numbers}${bounds}`, holds: isAbove && (atMost === undefined || first.mean <= atMost) };
  }
  const second = subtract({ ...measure, ...moreThan }, rows);
  if (second === undefined) return undefined;
  const named = Object.values(moreThan).join(" against ");
  // What loses less than another does not gain more.
  const holds = first.mean > 0 && first.mean > second.mean;
  return { what, text: `${numbers}; ${named}: ${describe(second)}`, holds };
}

interface Difference {
  readonly row: ResultRow;
  readonly better: number;
  readonly than: number;
  readonly mean: number;
  readonly bySeed: readonly { readonly seed: number; readonly difference: number }[];
}

/** The difference of two experiments over the seeds that both have; nothing where there are none. */
function subtract(
  { better, than, metric, thanMetric = metric, split }: DifferenceMeasure,
  rows: readonly ResultRow[],
): Difference | undefined {
  const row = findRow(rows, better, metric, split);
  const other = findRow(rows, than, thanMetric, split);
  if (row === undefined || other === undefined) return undefined;
  const shared = row.seeds.flatMap((seed, index) => {
    const at = other.seeds.indexOf(seed);
    return at < 0 ? [] : [{ seed, one: row.values[index] ?? 0, two: other.values[at] ?? 0 }];
  });
  if (shared.length === 0) return undefined;
  const [one, two] = [meanOf(shared.map((pair) => pair.one)), meanOf(shared.map((pair) => pair.two))];
  const bySeed = shared.map((pair) => ({ seed: pair.seed, difference: pair.one - pair.two }));
  return { row, better: one, than: two, mean: one - two, bySeed };
}

function takeLevel({ of, metric, split, atLeast }: LevelMeasure, rows: readonly ResultRow[]): Finding | undefined {
  const row = findRow(rows, of, metric, split);
  if (row === undefined) return undefined;
  const seeds = row.seeds.length === 1 ? `seed ${row.seeds[0]}` : `${row.seeds.length} seeds`;
  const text = `${show(row.mean)} (${seeds}); at least ${show(atLeast)} expected`;
  return { what: `${metric}, ${placeOf(row)}`, text, holds: row.mean >= atLeast };
}

function takeSpeed({ speed: name, atMost }: SpeedMeasure, entries: readonly SpeedEntry[]): Finding | undefined {
  const entry = entries.find((one) => one.case === name);
  if (entry === undefined) return undefined;
  const times = (ratio: number): string => `${(1 / ratio).toFixed(1)}×`;
  const text = `${times(entry.ratio)} as fast; at least ${times(atMost)} expected`;
  return { what: `speed, ${name}`, text, holds: entry.ratio <= atMost };
}

function findRow(rows: readonly ResultRow[], experiment: string, metric: string, split: string): ResultRow | undefined {
  return rows.find((row) => row.experiment === experiment && row.metric === metric && row.split === split);
}

function placeOf({ dataset, split, encoder }: ResultRow): string {
  return `${dataset} ${split}, ${encoder}`;
}

function describe({ mean, bySeed }: Difference): string {
  const [first] = bySeed;
  if (bySeed.length === 1) return `${signed(mean)} (seed ${first?.seed})`;
  return `${signed(mean)} (${bySeed.length} seeds: ${bySeed.map(({ difference }) => signed(difference)).join(", ")})`;
}

function describeBounds(atLeast: number | undefined, atMost: number | undefined): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`at least ${signed(atLeast)}`]),
    ...(atMost === undefined ? [] : [`at most ${signed(atMost)}`]),
  ];
  return bounds.length === 0 ? "" : `; ${bounds.join(" and ")} expected`;
}

function show(value: number): string {
  return value.toFixed(2);
}

/** A difference with its sign; none before a zero. */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(2);
  return Number(text) === 0 ? "0.00" : `${value < 0 ? "−" : "+"}${text}`;
}
