import type { PureLengthNotice } from "./relation-features.ts";

const MEANINGS: Readonly<Record<PureLengthNotice["kind"], string>> = {
  "context-reduced": "with less context than the config asks for",
  "sentence-cut": "cut around a pair",
  "pair-left-out": "with a pair too far apart, which gets no relation",
};

/** Sums up what did not fit into the encoder, a line for each kind. */
export class LengthNotices {
  readonly #places = new Map<PureLengthNotice["kind"], Set<string>>();
  readonly #longest = new Map<PureLengthNotice["kind"], PureLengthNotice>();

  /** Counts one notice; the same sentence counts once. */
  add(notice: PureLengthNotice): void {
    const { kind, documentId, sentence, tokens } = notice;
    const places = this.#places.get(kind) ?? new Set();
    this.#places.set(kind, places.add(`${documentId} ${sentence}`));
    if (tokens > (this.#longest.get(kind)?.tokens ?? 0)) this.#longest.set(kind, notice);
  }

  /** One line a kind that occurred, in the order of their first occurrence. */
  lines(): string[] {
    return [...this.#longest].map(([kind, { documentId, sentence, tokens, room }]) => {
      const count = this.#places.get(kind)?.size ?? 0;
      return (
        `${count} ${count === 1 ? "sentence" : "sentences"} ${MEANINGS[kind]}; the longest is sentence ${sentence} of ` +
        `"${documentId}" (${tokens} tokens, ${room} fit).`
      );
    });
  }
}
