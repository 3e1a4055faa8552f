import { z } from "zod";

// What is checked of a run's files is what reading them relies on; other fields stay as they are.

const whole = z.int().min(0);
const texts = z.array(z.string());
/** A score that is no number is written as null. */
const score = z.number().nullable();

/** What a run's `config.json` must hold. */
export const runConfigShape: z.ZodType = z.looseObject({
  experiment: z.looseObject({
    name: z.string(),
    paper: z.string(),
    variant: z.string(),
    suite: z.string(),
    seeds: z.array(whole),
    encoder: z.string(),
    data: z.looseObject({ symmetricRelations: texts.optional() }),
    config: z.record(z.string(), z.unknown()),
    training: z.looseObject({}),
  }),
  seed: whole,
  /** Absent in the first runs there were. */
  dataset: z.string().optional(),
  data: z.record(z.string(), z.string()),
  relations: texts.optional(),
  entityTypes: texts.optional(),
  engine: z.string(),
  versions: z.record(z.string(), z.string()).optional(),
  command: z.string(),
  revision: z.string().optional(),
});

const splitShape = z.looseObject({
  documents: z.number(),
  counts: z.record(z.string(), score),
  metrics: z.record(z.string(), score),
});

/** What a run's `scores.json` must hold. */
export const runScoresShape: z.ZodType = z.looseObject({ development: splitShape, test: splitShape.optional() });

const rowShape = z.looseObject({
  model: z.string(),
  variant: z.string(),
  dataset: z.string(),
  split: z.string(),
  encoder: z.string(),
  metric: z.string(),
  values: z.array(score),
  mean: score,
  command: z.string(),
  experiment: z.string(),
  seeds: z.array(whole),
  published: z.looseObject({ value: z.number(), source: z.string() }).optional(),
  reference: z.looseObject({ values: z.array(z.number()), recipe: z.string() }).optional(),
  differences: texts,
});

/** What a `results.json` must hold. */
export const resultsShape: z.ZodType = z.array(rowShape);

/** What a line of a run's log must hold to count. */
export const eventShape: z.ZodType = z.looseObject({
  time: z.string(),
  kind: z.string(),
  epoch: z.number().optional(),
  step: z.number().optional(),
  loss: score.optional(),
  score: score.optional(),
  stage: z.string().optional(),
});

const span = z.looseObject({ sentence: whole, start: whole, end: whole });
const found = { relation: z.string(), score: z.number() };

/** What a line of predictions must hold where models are given the entities. */
export const entityLineShape: z.ZodType = z.looseObject({
  id: z.string(),
  relations: z.array(z.looseObject({ ...found, head: whole, tail: whole, evidence: z.array(whole).optional() })),
});

/** What a line of predictions must hold where models find the entities. */
export const spanLineShape: z.ZodType = z.looseObject({
  id: z.string(),
  spans: z.array(span.extend({ type: z.string(), score: z.number() })).optional(),
  relations: z.array(
    z.looseObject({
      ...found,
      head: span,
      tail: span,
      headType: z.string().optional(),
      tailType: z.string().optional(),
    }),
  ),
});

/** Names the first field that breaks a shape, and the rule; undefined if the value has it. */
export function shapeProblem(shape: z.ZodType, value: unknown): string | undefined {
  const [issue] = shape.safeParse(value).error?.issues ?? [];
  if (issue === undefined) return undefined;
  const field = issue.path.map(String).join(".");
  return `${field === "" ? "" : `${field.slice(0, 200)}: `}${issue.message}`;
}
