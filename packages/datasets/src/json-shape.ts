import type { z } from "zod";

import { DatasetFormatError, excerpt } from "./format.ts";

/**
 * Checks that a JSON value has a shape.
 *
 * @param path What the value is called in error messages, such as `[12]`.
 * @returns The value as the schema types it; keys that the schema does not name are left out.
 * @throws {DatasetFormatError} If it has another shape; the path says where.
 */
export function checkShape<Shape>(schema: z.ZodType<Shape>, json: unknown, path: string): Shape {
  const checked = schema.safeParse(json);
  if (checked.success) return checked.data;

  const issue = checked.error.issues[0];
  const steps = issue?.path ?? [];
  const value = steps.reduce<unknown>((parent, step) => childOf(parent, step), json);
  throw new DatasetFormatError(
    path + formatSteps(steps),
    `must be ${expectation(issue)}, got ${describeValue(value)}.`,
  );
}

/** A JSON value as error messages name it: `nothing`, `a list of 2`, `"text"`. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return excerpt(value);
  if (typeof value === "object" && value !== null) return "an object";
  return JSON.stringify(value) ?? typeof value;
}

function childOf(parent: unknown, step: PropertyKey): unknown {
  if (typeof parent !== "object" || parent === null) return undefined;
  return Object.hasOwn(parent, step) ? (parent as Record<PropertyKey, unknown>)[step] : undefined;
}

function formatSteps(steps: readonly PropertyKey[]): string {
  return steps.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`)).join("");
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === "too_small" && issue.origin === "array") return `a list of at least ${issue.minimum}`;
  if (issue?.code === "too_big" && issue.origin === "array") return `a list of at most ${issue.maximum}`;
  if (issue?.code !== "invalid_type") return "of another kind";
  if (issue.expected === "array" || issue.expected === "tuple") return "a list";
  if (issue.expected === "string") return "a text";
  if (issue.expected === "object" || issue.expected === "record") return "an object";
  if (issue.expected === "int") return "a whole number";
  return `a ${issue.expected}`;
}
