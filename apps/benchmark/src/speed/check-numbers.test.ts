import { describe, expect, it } from "vitest";

import { checkNumbers } from "./check-numbers.ts";
import { SpeedError } from "./speed-error.ts";

describe("checkNumbers", () => {
  it("takes numbers within a thousandth, of their size where they are large", () => {
    expect(() => checkNumbers("outputs", [0.5, -2000], [0.5009, -2001.5])).not.toThrow();
  });

  it.each([
    ["a number that differs", [1, 2], [1, 2.01], "to 0.001, got 2 and 2.01 at 1 of 2."],
    ["no number", [Number.NaN], [1], "got NaN and 1 at 0 of 1."],
    ["another count", [1, 2, 3], [1, 2], "as many numbers on both sides, got 3 and 2."],
  ])("refuses %s", (_, ours, peer, message) => {
    const check = (): void => checkNumbers("outputs", ours, peer);

    expect(check).toThrow(SpeedError);
    expect(check).toThrow(message);
    expect(check).toThrow("No ratio is reported");
  });
});
