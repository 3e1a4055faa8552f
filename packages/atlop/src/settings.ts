import { z } from "zod";

import { type AtlopConfig, defineAtlopConfig } from "./config.ts";

const count = z.int().min(1);

const settingsSchema = z
  .strictObject({
    relations: z.array(z.string().min(1)).min(1),
    pairSize: count,
    blockSize: count,
    maxRelationsPerPair: count.nullable(),
    maxTokens: count,
    loss: z.enum(["adaptive-threshold", "binary-cross-entropy"]),
    threshold: z.enum(["adaptive", "global", "per-relation"]),
    thresholds: z.array(z.number().min(0)),
    localizedContext: z.boolean(),
    entityMarkers: z.boolean(),
    classifier: z.enum(["group-bilinear", "bilinear"]),
    entityPooling: z.enum(["logsumexp", "mean"]),
    windows: z.enum(["complete", "released"]),
  } satisfies Record<keyof AtlopConfig, z.ZodType>)
  .partial();

/**
 * Checks settings that come from a file, and fills in the paper's values.
 *
 * @param json Any of the fields of {@link AtlopConfig}.
 * @param relations The relations, where the settings do not list them.
 * @throws {RangeError} If a field is unknown, of the wrong kind or impossible; the message opens with the field.
 */
export function parseAtlopSettings(json: unknown, relations: readonly string[] = []): AtlopConfig {
  const checked = settingsSchema.safeParse(json);
  if (!checked.success) {
    const problems = checked.error.issues.map(({ path, message }) => `${path.join(".") || "config"}: ${message}`);
    throw new RangeError(problems.join("\n"));
  }
  // What the schema makes optional it leaves out rather than undefined.
  return defineAtlopConfig({ relations, ...(checked.data as Partial<AtlopConfig>) });
}
