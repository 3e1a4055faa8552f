import { describe, expect, it } from "vitest";

import type { Setting } from "./settings.ts";
import { isWholeModel } from "./whole-models.ts";

function settingOf(variant: string, { paper = "toy", dataset = "Towns" } = {}): Setting {
  return { dataset, task: "document", runs: [{ config: { experiment: { paper, variant } } }] } as unknown as Setting;
}

const [full, less, rival] = [settingOf("full"), settingOf("less"), settingOf("one", { paper: "rival" })];

describe("isWholeModel", () => {
  it("tells a paper's model from its variants", () => {
    expect(isWholeModel(full, [full, less])).toBe(true);
    expect(isWholeModel(less, [full, less])).toBe(false);
  });

  it("counts every model of a paper that calls none on these data the full one", () => {
    const elsewhere = settingOf("full", { paper: "rival", dataset: "Rivers" });

    expect(isWholeModel(rival, [full, rival, elsewhere])).toBe(true);
  });
});
