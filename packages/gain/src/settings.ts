import { z } from "zod";

import { defineGainConfig, type GainConfig } from "./config.ts";

const count = z.int().min(1);

const settingsSchema = z
  .strictObject({
    relations: z.array(z.string().min(1)).min(1),
    entityTypes: z.array(z.string().min(1)).min(1),
    typeSize: count,
    entityIdSize: count,
    maxEntities: count,
    lstmSize: count,
    lstmLayers: count,
    graphLayers: count,
    dropout: z.number().min(0),
    activation: z.enum(["relu", "tanh"]),
    mentionGraph: z.boolean(),
    inference: z.boolean(),
    documentNode: z.boolean(),
    pathAttention: z.enum(["sum", "softmax"]),
    maxTokens: count,
    edgeCases: z.enum(["defined", "released"]),
    negativesPerPositive: z.number().min(0).nullable(),
    leastNegatives: z.int().min(0),
    schedule: z.enum(["constant", "linear", "cosine"]),
    threshold: z.number().min(0).nullable(),
  } satisfies Record<keyof GainConfig, z.ZodType>)
  .partial();

/**
 * Checks settings that come from a file, and fills in the paper's values.
 *
 * @param json Any of the fields of {@link GainConfig}.
 * @param relations The relations, where the settings do not list them.
 * @throws {RangeError} If a field is unknown, of the wrong kind or impossible; the message opens with the field.
 */
export function parseGainSettings(json: unknown, relations: readonly string[] = []): GainConfig {
  const checked = settingsSchema.safeParse(json);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join(".") || "config"}: ${message}`);
    throw new RangeError(problems.join("\n"));
  }
  // What the schema makes optional it leaves out rather than undefined.
  return defineGainConfig({ relations, ...(checked.data as Partial<GainConfig>) });
}
