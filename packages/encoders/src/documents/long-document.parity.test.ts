import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import {
  describeGolden,
  type GoldenCase,
  goldenTensor,
  largestDifference,
  toTensor,
} from "../../../../tools/golden-cases.ts";
import { goldenEncoder } from "../__fixtures__/golden-encoder.ts";
import { collateDocuments, disposeDocuments } from "./document-input.ts";
import { type DocumentEncoding, encodeDocuments } from "./long-document.ts";

const TOLERANCE = 1e-5;

const MAX_ROW_TOKENS = 512;

/** The authors fill rows up with 0 whatever the encoder's padding id. */
const AUTHORS_PAD_ID = 0;

describeGolden("atlop", /^long_seq_\d+_\w+$/, (golden) => {
  const lengths = golden.json["lens"] as number[];

  describe.each(["exact", "buckets"] as const)("with %s padding", (pad) => {
    it("gives the reference's vectors and attention rows", () => {
      const rows = [...goldenTensor(golden, "input/attention_rows").values];
      const asked = lengths.map((length) => rows.filter((row) => row < length));

      const { hidden, queryHidden, queryAttention } = encodeCase(golden, asked, pad);

      tf.tidy(() => {
        const vectors = toTensor(goldenTensor(golden, "output/sequence_output")); // [documents, tokens, hidden]
        const attention = toTensor(goldenTensor(golden, "output/attention_at_rows")); // [documents, heads, rows, tokens]
        for (const [document, length] of lengths.entries()) {
          const queries = tf.tensor1d(asked[document] as number[], "int32");
          const places = rows.flatMap((row, place) => (row < length ? [place] : []));
          const expected = vectors.slice([document, 0, 0], [1, length, -1]);
          const ours = queryAttention.slice([document, 0, 0, 0], [1, queries.size, length, -1]).transpose([0, 3, 1, 2]);
          const theirs = attention.slice([document, 0, 0, 0], [1, -1, -1, length]).gather(places, 2);
          const vectorsAsked = queryHidden.slice([document, 0, 0], [1, queries.size, -1]);
          expect(largestDifference(hidden.slice([document, 0, 0], [1, length, -1]), expected)).toBeLessThan(TOLERANCE);
          expect(largestDifference(vectorsAsked, expected.gather(queries, 1))).toBeLessThan(TOLERANCE);
          expect(largestDifference(ours, theirs)).toBeLessThan(TOLERANCE);
        }
      });
      tf.dispose([hidden, queryHidden, queryAttention]);
    });

    it("gives the reference's sums of every token's attention, paid and received", () => {
      const width = Math.min(MAX_ROW_TOKENS, Math.max(...lengths));
      const everyToken = lengths.map((length) => Array.from({ length }, (_, token) => token));

      const { queryAttention } = encodeCase(golden, everyToken, pad);

      tf.tidy(() => {
        const paid = toTensor(goldenTensor(golden, "output/attention_row_sums")); // [documents, heads, tokens]
        const received = toTensor(goldenTensor(golden, "output/attention_col_sums")); // [documents, heads, tokens]
        for (const [document, length] of lengths.entries()) {
          const attention = queryAttention.slice([document, 0, 0, 0], [1, length, length, -1]);
          const bounds: [number[], number[]] = [
            [document, 0, 0],
            [1, -1, length],
          ];
          const rowSums = attention.sum(2).transpose([0, 2, 1]);
          const columnSums = attention.sum(1).transpose([0, 2, 1]);
          expect(largestDifference(rowSums, paid.slice(...bounds))).toBeLessThan(TOLERANCE);
          // A shorter row has padding, and the authors' sums hold what that pays.
          if (length < width) continue;
          const scale = Math.max(1, received.max().dataSync()[0] as number);
          expect(largestDifference(columnSums, received.slice(...bounds)) / scale).toBeLessThan(TOLERANCE);
        }
      });
      tf.dispose(queryAttention);
    });
  });
});

function encodeCase(golden: GoldenCase, queries: readonly number[][], pad: "exact" | "buckets"): DocumentEncoding {
  const { shape, values } = goldenTensor(golden, "input/input_ids");
  const width = shape[1] as number;
  const sequences = (golden.json["lens"] as number[]).map((length, document) =>
    Array.from(values.slice(document * width, document * width + length)),
  );
  const tokenizer = {
    startIds: golden.json["start_tokens"] as number[],
    endIds: golden.json["end_tokens"] as number[],
    padId: AUTHORS_PAD_ID,
  };
  const encoder = goldenEncoder(golden);
  const options = { maxRowTokens: MAX_ROW_TOKENS, windows: "released", pad } as const;
  const input = collateDocuments(sequences, queries, tokenizer, options);
  const encoding = encodeDocuments(encoder, input, INFERENCE);
  disposeDocuments(input);
  encoder.dispose();
  return encoding;
}
