import type { Random } from "@relatum/tensor-utils";

import type { GainConfig } from "./config.ts";
import type { GainFeatures } from "./features.ts";

/**
 * Leaves a document some of its pairs without a relation, drawn at random, and all of those with one.
 *
 * As many are left as the related pairs times `negativesPerPositive`, and `leastNegatives` in any case; related pairs come
 * first.
 *
 * @param features Of a labelled document.
 */
export function sampleNegatives(
  features: GainFeatures,
  { negativesPerPositive, leastNegatives }: Pick<GainConfig, "negativesPerPositive" | "leastNegatives">,
  random: Random,
): GainFeatures {
  const { pairs, targets = [] } = features;
  if (negativesPerPositive === null) return features;
  const isRelated = (row: number): boolean => targets[row]?.[0] !== 0;
  const rows = [...pairs.keys()];
  const related = rows.filter(isRelated);
  const unrelated = random.shuffle(rows.filter((row) => !isRelated(row)));
  const count = Math.floor(Math.max(leastNegatives, related.length * negativesPerPositive));
  const kept = [...related, ...unrelated.slice(0, count)];
  return {
    ...features,
    pairs: kept.map((row) => pairs[row] as GainFeatures["pairs"][number]),
    targets: kept.map((row) => targets[row] as readonly number[]),
  };
}
