import type * as z from "zod";

import { ModelFileError } from "./model-file-error.ts";

/**
 * Reads a JSON text of a known form.
 *
 * @param path Opens the error message.
 * @throws {ModelFileError} If it is not JSON or a field breaks its rule; it names the field.
 */
export function parseJsonFile<Schema extends z.ZodType>(text: string, schema: Schema, path: string): z.infer<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ModelFileError(path, `must be JSON, but ${(cause as SyntaxError).message}.`, { cause });
  }
  const checked = schema.safeParse(value);
  if (checked.success) return checked.data;

  const issue = checked.error.issues[0];
  const steps = issue?.path ?? [];
  const found = steps.reduce<unknown>((parent, step) => (parent as Record<PropertyKey, unknown>)[step], value);
  throw new ModelFileError(
    steps.length === 0 ? path : `${path}: ${steps.join(".")}`,
    `must ${rule(issue)}, got ${describe(found)}.`,
  );
}

function rule(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case "invalid_type":
      return issue.expected === "int" ? "be a whole number" : `be of type ${issue.expected}`;
    case "invalid_value":
      return `be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}`;
    case "too_small":
      return `be ${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `be ${issue.inclusive === false ? "below" : "at most"} ${issue.maximum}`;
    case "invalid_format":
      return issue.message;
    default:
      return "be of another kind";
  }
}

function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return JSON.stringify(value);
}
