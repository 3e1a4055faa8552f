import { describe, expect, it } from "vitest";

import { pickCases } from "./speed-case.ts";

describe("pickCases", () => {
  it("gives every case against PyTorch, and forward passes against onnxruntime", () => {
    const names = (peer: "torch" | "onnx"): string =>
      pickCases(peer)
        .map(({ name }) => name)
        .join(" ");

    expect(names("onnx")).toBe("encoder-forward-1x128 encoder-forward-4x256 encoder-forward-4x512");
    expect(names("torch")).toBe(
      `${names("onnx")} encoder-step-4x256 encoder-step-4x256-dropout atlop-step-cdr atlop-inference-cdr ` +
        "pure-step-scierc pure-inference-scierc pure-full-inference-scierc pure-approximation-scierc " +
        "pure-approximation-scierc-context gain-step-re-docred gain-glove-step-re-docred tokenize-cdr",
    );
  });

  it("gives the cases that are named", () => {
    const [only, ...others] = pickCases("torch", ["tokenize-cdr"]);

    expect(only?.name).toBe("tokenize-cdr");
    expect(others).toEqual([]);
  });

  it("lists what there is when a name is not among it", () => {
    expect(() => pickCases("onnx", ["tokenize-cdr"])).toThrow(
      "case must be one of those that onnx can do (encoder-forward-1x128, encoder-forward-4x256, " +
        'encoder-forward-4x512), got "tokenize-cdr".',
    );
  });
});
