import * as z from "zod";

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
  const result = schema.safeParse(value);
  if (result.success) return result.data;

  const issue = result.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? path : `${path}: ${issue.path.join(".")}`;
  throw new ModelFileError(field, `must follow its format, but: ${issue?.message ?? "it does not"}.`);
}
