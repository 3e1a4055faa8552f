import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";

import { describeGolden, type GoldenCase, type GoldenTensor, goldenTensor } from "../../../tools/golden-cases.ts";
import { goldenEncoder } from "./__fixtures__/golden-encoder.ts";
import { collateDocuments } from "./document-input.ts";
import { type DocumentEncoding, encodeDocuments } from "./long-document.ts";

const TOLERANCE = 1e-5;

/** The authors fill rows up with 0 whatever the encoder's padding id. */
const AUTHORS_PAD_ID = 0;

describeGolden("atlop", /^long_seq_\d+_\w+$/, (golden) => {
  for (const pad of ["exact", "buckets"] as const) {
    describe(`with ${pad} padding`, () => {
      it("gives the reference's vectors and attention for every token of every document", () => {
        const lengths = golden.json["lens"] as number[];
        const rows = [...goldenTensor(golden, "input/attention_rows").values];
        const queries = lengths.map((length) => rows.filter((row) => row < length));

        const { encoding, release } = encodeCase(golden, queries, pad);

        const vectors = goldenTensor(golden, "output/sequence_output");
        const attention = goldenTensor(golden, "output/attention_at_rows");
        expect(hiddenDifference(encoding.hidden, vectors, lengths)).toBeLessThan(TOLERANCE);
        expect(queryHiddenDifference(encoding.queryHidden, vectors, queries)).toBeLessThan(TOLERANCE);
        expect(attentionDifference(encoding.queryAttention, attention, { lengths, rows })).toBeLessThan(TOLERANCE);
        release();
      });

      it("gives the reference's sums of each token's attention row", () => {
        const lengths = golden.json["lens"] as number[];
        const queries = lengths.map((length) => Array.from({ length }, (_, token) => token));

        const { encoding, release } = encodeCase(golden, queries, pad);

        const sums = encoding.queryAttention.sum<tf.Tensor3D>(2); // [documents, queries, heads]
        const expected = goldenTensor(golden, "output/attention_row_sums");
        expect(rowSumDifference(sums, expected, lengths)).toBeLessThan(TOLERANCE);
        tf.dispose(sums);
        release();
      });
    });
  }
});

function encodeCase(
  golden: GoldenCase,
  queries: readonly (readonly number[])[],
  pad: "exact" | "buckets",
): { encoding: DocumentEncoding; release: () => void } {
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
  const input = collateDocuments(sequences, queries, tokenizer, { maxRowTokens: 512, windows: "released", pad });
  const encoding = encodeDocuments(encoder, input, INFERENCE);
  const release = (): void => {
    tf.dispose([{ ...input }, { ...encoding }]);
    encoder.dispose();
  };
  return { encoding, release };
}

/** The largest distance over the cells that `visit` names, of values read by `[…index]`. */
function largest(actual: tf.Tensor, expected: GoldenTensor, cells: Iterable<readonly [number[], number[]]>): number {
  const values = actual.dataSync();
  let result = 0;
  for (const [ours, theirs] of cells) {
    const difference = Math.abs(
      (values[offset(actual.shape, ours)] as number) - (expected.values[offset(expected.shape, theirs)] as number),
    );
    if (!(difference <= result)) result = difference;
  }
  return result;
}

function offset(shape: readonly number[], index: readonly number[]): number {
  return index.reduce((sum, position, axis) => sum * (shape[axis] as number) + position, 0);
}

function hiddenDifference(actual: tf.Tensor, expected: GoldenTensor, lengths: readonly number[]): number {
  return largest(actual, expected, cells());
  function* cells(): Generator<[number[], number[]]> {
    for (const [document, length] of lengths.entries()) {
      for (let token = 0; token < length; token += 1) {
        for (let unit = 0; unit < (expected.shape[2] as number); unit += 1) {
          yield [
            [document, token, unit],
            [document, token, unit],
          ];
        }
      }
    }
  }
}

function queryHiddenDifference(
  actual: tf.Tensor,
  expected: GoldenTensor,
  queries: readonly (readonly number[])[],
): number {
  return largest(actual, expected, cells());
  function* cells(): Generator<[number[], number[]]> {
    for (const [document, tokens] of queries.entries()) {
      for (const [query, token] of tokens.entries()) {
        for (let unit = 0; unit < (expected.shape[2] as number); unit += 1) {
          yield [
            [document, query, unit],
            [document, token, unit],
          ];
        }
      }
    }
  }
}

/** Golden attention is `[documents, heads, rows, tokens]`, ours `[documents, queries, tokens, heads]`. */
function attentionDifference(
  actual: tf.Tensor,
  expected: GoldenTensor,
  { lengths, rows }: { lengths: readonly number[]; rows: readonly number[] },
): number {
  return largest(actual, expected, cells());
  function* cells(): Generator<[number[], number[]]> {
    const [, heads, , tokens] = expected.shape as [number, number, number, number];
    for (const [document, length] of lengths.entries()) {
      const asked = rows.flatMap((row, index) => (row < length ? [index] : []));
      for (const [query, index] of asked.entries()) {
        for (let token = 0; token < Math.min(tokens, actual.shape[2] as number); token += 1) {
          for (let head = 0; head < heads; head += 1) {
            yield [
              [document, query, token, head],
              [document, head, index, token],
            ];
          }
        }
      }
    }
  }
}

/** Golden sums are `[documents, heads, tokens]`, ours `[documents, queries, heads]` for every token. */
function rowSumDifference(actual: tf.Tensor, expected: GoldenTensor, lengths: readonly number[]): number {
  return largest(actual, expected, cells());
  function* cells(): Generator<[number[], number[]]> {
    for (const [document, length] of lengths.entries()) {
      for (let token = 0; token < length; token += 1) {
        for (let head = 0; head < (expected.shape[1] as number); head += 1) {
          yield [
            [document, token, head],
            [document, head, token],
          ];
        }
      }
    }
  }
}
