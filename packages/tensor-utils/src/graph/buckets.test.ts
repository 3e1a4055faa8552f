import { describe, expect, it } from "vitest";

import { bucketSize } from "./buckets.ts";

describe("bucketSize", () => {
  it("rounds up to powers of two and to one and a half times them", () => {
    const sizes = Array.from({ length: 13 }, (_, index) => bucketSize(index + 1));

    expect(sizes).toEqual([1, 2, 3, 4, 6, 6, 8, 8, 12, 12, 12, 12, 16]);
  });

  it("makes a third padding at the most", () => {
    for (let size = 1; size <= 5000; size += 1) {
      expect(bucketSize(size)).toBeGreaterThanOrEqual(size);
      expect((bucketSize(size) - size) / bucketSize(size)).toBeLessThan(1 / 3);
    }
  });

  it.each([0, -1, 1.5, NaN])("refuses %d", (size) => {
    expect(() => bucketSize(size)).toThrow(`size must be a positive integer, got ${size}.`);
  });
});
