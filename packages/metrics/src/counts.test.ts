import { describe, expect, it } from "vitest";

import { precisionRecallF1 } from "./counts.ts";

describe("precisionRecallF1", () => {
  it("divides the correct by the predicted and by the gold", () => {
    const scores = precisionRecallF1({ correct: 2, predicted: 4, gold: 5 });

    expect(scores).toEqual({
      precision: 0.5,
      recall: 0.4,
      f1: (2 * 0.5 * 0.4) / 0.9,
      correct: 2,
      predicted: 4,
      gold: 5,
    });
  });

  it("gives zeros where there is nothing to divide by", () => {
    const zeros = { precision: 0, recall: 0, f1: 0, correct: 0 };

    expect(precisionRecallF1({ correct: 0, predicted: 0, gold: 3 })).toEqual({ ...zeros, predicted: 0, gold: 3 });
    expect(precisionRecallF1({ correct: 0, predicted: 3, gold: 0 })).toEqual({ ...zeros, predicted: 3, gold: 0 });
    expect(precisionRecallF1({ correct: 0, predicted: 0, gold: 0 })).toEqual({ ...zeros, predicted: 0, gold: 0 });
  });
});
