import { expect, it } from "vitest";

import { describeGolden } from "../../../tools/golden-cases.ts";
import { readGoldenTokenizer } from "./__fixtures__/golden-model.ts";
import { readRelationCase } from "./__fixtures__/golden-relations.ts";
import { createMarkers } from "./markers.ts";

describeGolden("pure", /^relation_/, (golden) => {
  it("numbers markers by first use as the authors do", () => {
    const { json, config, tokenizer, markers } = readRelationCase(golden);

    const lists = {
      SUBJ_START: markers.headStarts,
      SUBJ_END: markers.headEnds,
      OBJ_START: markers.tailStarts,
      OBJ_END: markers.tailEnds,
    };
    const expected = Object.entries(json.special_tokens).flatMap(([name, token]) => {
      const [role, type] = name.split("=") as [string, string | undefined];
      const list = lists[role as keyof typeof lists] as readonly number[] | undefined;
      if (list === undefined || type === undefined) return [];
      return [{ name, given: list[config.entityTypes.indexOf(type) + 1], token: tokenizer.id(token) }];
    });
    expect(expected.length).toBeGreaterThan(4);
    expect(expected.filter(({ given, token }) => given !== token)).toEqual([]);
  });
});

/** The order in which the authors list SciERC's types. */
const SCIERC_TYPES = ["Method", "OtherScientificTerm", "Task", "Generic", "Material", "Metric"];

describeGolden("pure", /^add_new_tokens/, (golden) => {
  it("numbers markers in the order in which the authors add new tokens", () => {
    const { slow, base_vocab: base } = golden.json as unknown as {
      readonly slow: { readonly ids: Readonly<Record<string, number>> };
      readonly base_vocab: number;
    };
    const tokenizer = readGoldenTokenizer(golden);
    const config = { entityTypes: SCIERC_TYPES, relationInput: "typed-markers" } as const;

    const markers = createMarkers(tokenizer, config);

    const first = tokenizer.id("[unused1]");
    const typed = SCIERC_TYPES.flatMap((type, index) => [
      [`<subj_start=${type.toLowerCase()}>`, markers.headStarts[index + 1]],
      [`<subj_end=${type.toLowerCase()}>`, markers.headEnds[index + 1]],
      [`<obj_start=${type.toLowerCase()}>`, markers.tailStarts[index + 1]],
      [`<obj_end=${type.toLowerCase()}>`, markers.tailEnds[index + 1]],
    ]) as [string, number][];
    const compared = typed.filter(([name]) => name in slow.ids);
    expect(compared.length).toBeGreaterThan(0);
    expect(compared.map(([, id]) => id - first)).toEqual(compared.map(([name]) => (slow.ids[name] as number) - base));
  });
});
