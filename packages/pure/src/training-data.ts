import type { Document } from "@relatum/datasets";

/**
 * Checks that documents can be learnt from.
 *
 * @throws {RangeError} If there is none, or one is unlabelled.
 */
export function requireLabelled(documents: readonly Document[]): void {
  if (documents.length === 0) throw new RangeError("documents must hold at least one to train on, got none.");
  const unlabelled = documents.find(({ labelled }) => !labelled);
  if (unlabelled !== undefined) {
    throw new RangeError(`documents must be labelled to train on, got "${unlabelled.id}", which is not.`);
  }
}
