import type { Setting } from "./settings.ts";

/**
 * Whether a setting is of its paper's model itself, and of no variant of it.
 *
 * @param settings All; where a paper calls none of a data set's the full model, each counts as such.
 */
export function isWholeModel(setting: Setting, settings: readonly Setting[]): boolean {
  if (variantOf(setting) === "full") return true;
  return settings.every((other) => variantOf(other) !== "full" || !areAkin(setting, other));
}

/** Whether they are of one paper and on the same data. */
function areAkin(one: Setting, other: Setting): boolean {
  return paperOf(one) === paperOf(other) && one.dataset === other.dataset && one.task === other.task;
}

function variantOf({ runs }: Setting): string | undefined {
  return runs[0]?.config.experiment.variant;
}

function paperOf({ runs }: Setting): string | undefined {
  return runs[0]?.config.experiment.paper;
}
