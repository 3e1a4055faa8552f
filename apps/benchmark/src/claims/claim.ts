import { z } from "zod";

/** A claim of a paper, an entry of its `claims.json`: a row of a table, a difference, or a sentence. */
export interface Claim {
  /** Unlike any other of the paper: `context-pooling`. */
  readonly id: string;
  /** Where the paper says so: `Table 5`. */
  readonly source: string;
  /** What it says, in a sentence. */
  readonly statement: string;
  /** The paper's numbers; empty where it gives none. */
  readonly printed: readonly PrintedNumber[];
  /** How it is measured, at each size that there are experiments for. */
  readonly measures: readonly ClaimMeasure[];
  /** Why there is nothing to measure it by, where there is nothing. */
  readonly unmeasured?: string | undefined;
}

/** A number of a paper, or two that it compares. */
export interface PrintedNumber {
  /** `F1, DocRED development, BERT-base`. */
  readonly what: string;
  readonly value: number;
  /** What the first stands against. */
  readonly against?: number | undefined;
}

/** How a claim is measured: by a difference, a height, or a speed. */
export type ClaimMeasure = DifferenceMeasure | LevelMeasure | SpeedMeasure;

/** Two experiments whose mean scores differ, over the seeds that both have. */
export interface DifferenceMeasure {
  /** Name of an experiment of the paper. */
  readonly better: string;
  /** Another one, or the same by another metric. */
  readonly than: string;
  /** As tables call it: `Infer F1`. */
  readonly metric: string;
  /** The metric of `than`, where it is another one. */
  readonly thanMetric?: string | undefined;
  readonly split: Split;
  /** The least difference in points; above 0 without it and without `atMost`. */
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
  /** A second difference, of what is named instead, which the first one must exceed; the first must be above 0, too. */
  readonly moreThan?: Partial<Pick<DifferenceMeasure, "better" | "than" | "metric">> | undefined;
}

/** An experiment whose mean score reaches a height. */
export interface LevelMeasure {
  readonly of: string;
  readonly metric: string;
  readonly split: Split;
  /** In percent. */
  readonly atLeast: number;
}

/** A case of the command `speed` whose ratio, our time by the other's, stays below a height. */
export interface SpeedMeasure {
  readonly speed: string;
  readonly atMost: number;
}

type Split = "development" | "test";

const split = z.enum(["development", "test"]).default("development");
const name = z.string().min(1);
const difference = z.strictObject({
  better: name,
  than: name,
  metric: name,
  thanMetric: name.optional(),
  split,
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  moreThan: z.strictObject({ better: name.optional(), than: name.optional(), metric: name.optional() }).optional(),
});
const level = z.strictObject({ of: name, metric: name, split, atLeast: z.number() });
const speed = z.strictObject({ speed: name, atMost: z.number() });

/** Says in words what a measure must be, of one that is neither kind. */
const measure = z.unknown().transform((value, context): ClaimMeasure => {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const kind = keys.includes("better") ? difference : keys.includes("of") ? level : keys.includes("speed") && speed;
  if (kind === false) {
    context.addIssue({
      code: "custom",
      message: `must have "better" and "than", "of", or "speed", got ${keys.join()}.`,
    });
    return z.NEVER;
  }
  const checked = kind.safeParse(value);
  if (checked.success) return checked.data;
  for (const { message, path } of checked.error.issues) context.addIssue({ code: "custom", message, path });
  return z.NEVER;
});

const claim = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9-]+$/, "must consist of small letters, digits and dashes"),
    source: name,
    statement: z.string().regex(/^[^|\n]+\.$/, "must be a sentence that ends with a full stop and holds no |"),
    printed: z.array(z.strictObject({ what: name, value: z.number(), against: z.number().optional() })).default([]),
    measures: z.array(measure).default([]),
    unmeasured: name.optional(),
  })
  .refine(
    ({ measures, unmeasured }) => (measures.length === 0) === (unmeasured !== undefined),
    "must have either measures or, in words, why it is unmeasured",
  );

/** The form of a paper's `claims.json`. */
export const claimsShape: z.ZodType<Claim[]> = z.array(claim).check(({ value, issues }) => {
  const ids = value.map(({ id }) => id);
  for (const [index, id] of ids.entries()) {
    if (ids.indexOf(id) === index) continue;
    issues.push({
      code: "custom",
      input: value,
      path: [index, "id"],
      message: `must be another than "${id}" before it`,
    });
  }
});

/** The experiments that a measure reads. */
export function experimentsOf(one: ClaimMeasure): string[] {
  return "of" in one ? [one.of] : [...new Set(comparisonsOf(one).flat())];
}

/** The pairs of experiments that a measure sets side by side. */
export function comparisonsOf(one: ClaimMeasure): [better: string, than: string][] {
  if (!("better" in one)) return [];
  const { better, than, moreThan } = one;
  const second: [string, string] = [moreThan?.better ?? better, moreThan?.than ?? than];
  return moreThan === undefined ? [[better, than]] : [[better, than], second];
}
