import { z } from "zod";

import { definePureConfig, type PureConfig } from "./config.ts";

const count = z.int().min(1);
const names = z.array(z.string().min(1));
const rate = z.number().min(0).lt(1);

const settingsSchema = z
  .strictObject({
    entityTypes: names,
    relations: names,
    symmetricRelations: names,
    maxSpanWords: count,
    widthEmbeddingSize: count,
    headSize: count,
    headDropout: rate,
    outputDropout: rate,
    entityContextWords: z.int().min(0),
    relationContextWords: z.int().min(0),
    relationInput: z.enum(["text", "text-etype", "markers", "markers-etype", "markers-eloss", "typed-markers"]),
    typeEmbeddingSize: count,
    approximate: z.boolean(),
    batchedTraining: z.boolean(),
    relationSpans: z.enum(["gold", "jack-knifed", "pruned"]),
    entitySource: z.enum(["predicted", "given"]),
    spansPerWord: z.number().gt(0),
    architecture: z.enum(["separate", "shared", "joint"]),
    maxTokens: count,
  } satisfies Record<keyof PureConfig, z.ZodType>)
  .partial();

/** The names that a model tells apart. */
export type PureLabels = Pick<PureConfig, "entityTypes" | "relations">;

/**
 * Checks settings that come from a file, and fills in the paper's values.
 *
 * @param json Any of the fields of {@link PureConfig}.
 * @param labels The types and relations, where the settings do not list them.
 * @throws {RangeError} If a field is unknown, of the wrong kind or impossible; the message opens with the field.
 */
export function parsePureSettings(json: unknown, labels: PureLabels = { entityTypes: [], relations: [] }): PureConfig {
  const checked = settingsSchema.safeParse(json);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join(".") || "config"}: ${message}`);
    throw new RangeError(problems.join("\n"));
  }
  // What the schema makes optional it leaves out rather than undefined.
  return definePureConfig({ ...labels, ...(checked.data as Partial<PureConfig>) });
}
