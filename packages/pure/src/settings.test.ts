import { expect, it } from "vitest";

import { parsePureSettings } from "./settings.ts";

const labels = { entityTypes: ["Method"], relations: ["USED-FOR"] };

it("takes labels from the settings where they list them", () => {
  expect(parsePureSettings({ entityTypes: ["Task"], headSize: 8 }, labels)).toMatchObject({
    entityTypes: ["Task"],
    relations: ["USED-FOR"],
    headSize: 8,
  });
});

it("names every field that is unknown or of the wrong kind", () => {
  const parse = () => parsePureSettings({ relationInput: "colours", headSize: "8" }, labels);

  expect(parse).toThrow(RangeError);
  expect(parse).toThrow(/^headSize: .*\nrelationInput: /m);
  expect(() => parsePureSettings({ headsize: 8 }, labels)).toThrow(/"headsize"/);
});

it("names a setting that is impossible", () => {
  expect(() => parsePureSettings({ batchedTraining: true }, labels)).toThrow(/^batchedTraining must be false/);
});
