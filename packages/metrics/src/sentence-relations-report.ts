import type { PrecisionRecallF1 } from "./counts.ts";
import type { ReportFormat } from "./report.ts";
import { RELATION_ERROR_CAUSES, type RelationErrorCause, type RelationErrors } from "./sentence-relations-errors.ts";
import { markdownTable, type TableColumn, textTable } from "./table.ts";

/** What tables call the causes of errors. */
const CAUSES: Readonly<Record<RelationErrorCause, string>> = {
  span: "head or tail is no span on the other side",
  type: "head or tail has another type",
  relation: "another relation",
  direction: "the other direction",
  pair: "no relation on the other side",
};

type LabelRow = readonly [label: string, scores: PrecisionRecallF1];

/**
 * Writes the scores of labels as a table, in percent, with the counts they come from.
 *
 * @param title What the labels are: `Entity type`, `Relation`.
 */
export function formatLabelScores(
  title: string,
  scores: ReadonlyMap<string, PrecisionRecallF1>,
  format: Exclude<ReportFormat, "json">,
): string {
  const percent = (name: "f1" | "precision" | "recall") => ({
    title: { f1: "F1", precision: "Precision", recall: "Recall" }[name],
    cell: ([, found]: LabelRow) => (100 * found[name]).toFixed(2),
    align: "right" as const,
  });
  const count = (name: "correct" | "predicted" | "gold") => ({
    title: { correct: "Right", predicted: "Found", gold: "Gold" }[name],
    cell: ([, found]: LabelRow) => String(found[name]),
    align: "right" as const,
  });
  const columns: readonly TableColumn<LabelRow>[] = [
    { title, cell: ([label]) => label },
    ...(["f1", "precision", "recall"] as const).map(percent),
    ...(["correct", "predicted", "gold"] as const).map(count),
  ];
  return format === "text" ? textTable([...scores], columns) : markdownTable([...scores], columns);
}

/**
 * Writes the break-down of errors as a table: how many gold relations each cause made missed, and how many found ones wrong.
 *
 * Each column sums to all relations of its side.
 */
export function formatRelationErrors(
  { correct, mistyped, missed, spurious }: RelationErrors,
  format: Exclude<ReportFormat, "json">,
): string {
  const rows = [
    ["right", correct - mistyped, correct - mistyped],
    ["right but for a type (wrong in Rel+ alone)", mistyped, mistyped],
    ...RELATION_ERROR_CAUSES.map((cause) => [CAUSES[cause], missed[cause], spurious[cause]] as const),
  ] as const;
  const columns: readonly TableColumn<(typeof rows)[number]>[] = [
    { title: "Relations", cell: ([cause]) => cause },
    { title: "Of gold", cell: ([, count]) => String(count), align: "right" },
    { title: "Of found", cell: ([, , count]) => String(count), align: "right" },
  ];
  return format === "text" ? textTable(rows, columns) : markdownTable(rows, columns);
}
