import { describe, expect, it } from "vitest";

import type { Claim } from "../claims/claim.ts";
import type { Setting } from "./settings.ts";
import { tellingPairs } from "./telling-pairs.ts";

/** A setting named after its experiment, by default a paper's whole model. */
function settingOf(name: string, paper: string, { variant = "full", epochs = 4, dataset = "Towns" } = {}): Setting {
  const runs = [{ config: { experiment: { name, paper, variant } } }];
  return { label: name, dataset, task: "document", encoder: "tiny", rows: [{ epochs }], runs } as unknown as Setting;
}

const namesOf = (settings: readonly Setting[], claims: readonly Claim[] = []): string[] =>
  tellingPairs(settings, claims).map(([first, second]) => `${first.label} ${second.label}`);

const many = [
  settingOf("toy", "toy"),
  settingOf("toy-long", "toy", { epochs: 20 }),
  settingOf("toy-less", "toy", { variant: "less" }),
  settingOf("toy-least", "toy", { variant: "least" }),
  settingOf("rival-one", "rival", { variant: "one" }),
  settingOf("rival-two", "rival", { variant: "two" }),
];

describe("tellingPairs", () => {
  it("takes every two of a few settings of the same data", () => {
    const few = [...many.slice(0, 3), settingOf("far", "toy", { dataset: "Rivers" })];

    expect(namesOf(few)).toEqual(["toy toy-long", "toy toy-less", "toy-long toy-less"]);
  });

  it("takes of many the papers' whole models, and variants with the whole model of as much training", () => {
    expect(namesOf(many)).toEqual([
      "toy toy-less",
      "toy toy-least",
      "toy rival-one",
      "toy rival-two",
      "toy-long rival-one",
      "toy-long rival-two",
    ]);
  });

  it("takes what a claim sets side by side", () => {
    const moreThan = { better: "toy-less", than: "toy-least" };
    const measures = [{ better: "rival-two", than: "rival-one", metric: "F1", split: "test", moreThan }] as const;
    const claim: Claim = { id: "one", source: "Table 1", statement: "It is so.", printed: [], measures };

    const added = namesOf(many, [claim]).filter((names) => !namesOf(many).includes(names));
    expect(added).toEqual(["toy-less toy-least", "rival-one rival-two"]);
  });

  it("takes a variant with the whole model only where no claim sets it beside another one", () => {
    const [measure] = [{ better: "toy-less", than: "toy-least", metric: "F1", split: "test" }] as const;
    const claim: Claim = { id: "one", source: "Table 1", statement: "It is so.", printed: [], measures: [measure] };

    expect(namesOf(many, [claim]).filter((names) => !names.includes("rival"))).toEqual(["toy-less toy-least"]);
  });
});
