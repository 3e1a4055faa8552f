import { type Claim, comparisonsOf } from "../claims/claim.ts";
import type { Setting } from "./settings.ts";
import { isWholeModel } from "./whole-models.ts";

/** Of so few settings of a data set every two are compared; of more there would be too many tests to read. */
const FEW = 5;

/** What was run, as far as it decides about comparisons. */
interface Identity {
  readonly paper: string;
  readonly experiment: string;
  readonly variant: string;
  readonly epochs: number | undefined;
}

/**
 * Chooses the settings of each data set that are worth a test against each other: every two of a few; of more, the whole models of
 * different papers, what a paper's claim sets side by side, and a variant of which none speaks with the whole model.
 *
 * @param claims Of all papers.
 */
export function tellingPairs(settings: readonly Setting[], claims: readonly Claim[]): [Setting, Setting][] {
  const claimed = new Set(claims.flatMap(({ measures }) => measures.flatMap(comparisonsOf)).map(keyOf));
  return settings.flatMap((first, index) => {
    const own = settings.filter(({ dataset, task }) => dataset === first.dataset && task === first.task);
    return settings
      .slice(index + 1)
      .filter((second) => own.includes(second) && (own.length <= FEW || isTelling(first, second, own, claimed)))
      .map((second): [Setting, Setting] => [first, second]);
  });
}

function isTelling(first: Setting, second: Setting, own: readonly Setting[], claimed: ReadonlySet<string>): boolean {
  const [one, other] = [identityOf(first), identityOf(second)];
  if (one.paper !== other.paper) return isWholeModel(first, own) && isWholeModel(second, own);
  if (claimed.has(keyOf([one.experiment, other.experiment]))) return true;
  if (first.encoder !== second.encoder || one.epochs !== other.epochs) return false;
  const variants = [one, other].filter(({ variant }) => variant !== "full");
  return variants.length === 1 && !variants.some((variant) => isClaimed(variant, own, claimed));
}

/** Whether a claim sets it beside another one of these settings. */
function isClaimed({ experiment }: Identity, own: readonly Setting[], claimed: ReadonlySet<string>): boolean {
  return own.some((other) => claimed.has(keyOf([experiment, identityOf(other).experiment])));
}

function identityOf({ runs, rows }: Setting): Identity {
  const { paper = "", name = "", variant = "" } = runs[0]?.config.experiment ?? {};
  return { paper, experiment: name, variant, epochs: rows[0]?.epochs };
}

/** The same whichever comes first. */
function keyOf(names: readonly [string, string]): string {
  return JSON.stringify(names.toSorted());
}
