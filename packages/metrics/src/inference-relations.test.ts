import { describe, expect, it } from "vitest";

import { documentOf, relationOf, type Triple } from "./__fixtures__/documents.ts";
import { scoreInferenceRelations } from "./inference-relations.ts";

/** 0 → 1 → 2 with the shortcut 0 → 2; and 3 → 4, which is in no chain. */
const facts: readonly Triple[] = [
  [0, "performer of", 1],
  [1, "born in", 2],
  [0, "made in", 2],
  [3, "born in", 4],
];

describe("scoreInferenceRelations", () => {
  it("counts the three facts of a chain, and no others", () => {
    const predicted = facts.map((triple) => relationOf("A", triple));

    const scores = scoreInferenceRelations([documentOf("A", facts)], predicted);

    expect(scores).toMatchObject({ correct: 3, predicted: 3, gold: 3, f1: 1 });
  });

  it("counts a wrong relation only where its pair closes a chain with two gold facts", () => {
    const predicted = [
      relationOf("A", [0, "wrong", 2]), // shortcut of 0 → 1 → 2
      relationOf("A", [0, "wrong", 1]), // first hop
      relationOf("A", [1, "wrong", 2]), // second hop
      relationOf("A", [2, "wrong", 1]), // second hop of 0 → 2 → 1, with the shortcut 0 → 1
      relationOf("A", [2, "wrong", 0]), // against every direction
      relationOf("A", [3, "wrong", 4]), // a gold pair outside any chain
      relationOf("A", [0, "wrong", 0]),
      relationOf("Z", [0, "wrong", 2]),
    ];

    const scores = scoreInferenceRelations([documentOf("A", facts)], predicted);

    expect(scores).toMatchObject({ correct: 0, predicted: 4, gold: 3 });
  });

  it("does not join facts of different documents to a chain", () => {
    const gold = [documentOf("A", facts.slice(0, 2)), documentOf("B", facts.slice(2))];

    const scores = scoreInferenceRelations(gold, []);

    expect(scores).toMatchObject({ gold: 0, f1: 0 });
  });

  it("does not take a pair of opposite facts for a chain", () => {
    const gold = [
      documentOf("A", [
        [0, "r", 1],
        [1, "r", 0],
      ]),
    ];

    expect(scoreInferenceRelations(gold, [relationOf("A", [0, "r", 1])])).toMatchObject({ predicted: 0, gold: 0 });
  });
});
