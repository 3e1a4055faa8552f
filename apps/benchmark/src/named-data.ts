import type { Document } from "@relatum/datasets";

import type { ExperimentData } from "./data.ts";
import type { FileData, NamedData } from "./experiment.ts";

/** Data found by name: documents by split, or the files that hold them. */
export type FoundData =
  | FileData
  | {
      readonly splits: Readonly<Record<"train" | "development" | "test", readonly Document[]>>;
      readonly fingerprint: ExperimentData["fingerprint"];
    };

/** Stand-in until the catalog lands. */
export async function loadNamedData(data: NamedData, _directory: string | undefined): Promise<FoundData> {
  throw new RangeError(`dataset must be one of the catalog, got "${data.dataset}".`);
}
