import { expect, it } from "vitest";

import { describeGolden } from "../../../tools/golden-cases.ts";
import { batchSentences } from "./entity-order.ts";

interface BatchifyJson {
  readonly token_counts: readonly number[];
  readonly batch_size: number;
  readonly batches: readonly (readonly number[])[];
}

describeGolden("pure", /^entity_batchify/, (golden) => {
  it("gives the authors' batches", () => {
    const { token_counts: counts, batch_size: size, batches } = golden.json as unknown as BatchifyJson;
    const sentences = counts.map((wordCount, index) => ({ wordCount, index }));

    const numbers = batchSentences(sentences, { size, batching: "shuffled" }).map((batch) =>
      batch.map(({ index }) => index),
    );

    expect(numbers).toEqual(batches);
  });
});
