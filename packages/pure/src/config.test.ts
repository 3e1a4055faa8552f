import { describe, expect, it } from "vitest";

import { definePureConfig, PURE_VARIANTS, type PureConfig, type PureVariant } from "./config.ts";

const labels = { entityTypes: ["Method", "Task"], relations: ["USED-FOR", "COMPARE"] };

describe("definePureConfig", () => {
  it("fills in the final model of the paper", () => {
    const config = definePureConfig(labels);

    expect(config).toMatchObject({
      maxSpanWords: 8,
      widthEmbeddingSize: 150,
      headSize: 150,
      entityContextWords: 300,
      relationContextWords: 100,
      relationInput: "typed-markers",
      approximate: false,
      architecture: "separate",
    });
    expect(Object.isFrozen(config.entityTypes)).toBe(true);
  });

  it.each(Object.keys(PURE_VARIANTS) as PureVariant[])("takes the settings of %s", (variant) => {
    expect(() => definePureConfig({ ...labels, ...PURE_VARIANTS[variant] })).not.toThrow();
  });

  it.each<[Partial<PureConfig>, string]>([
    [{ entityTypes: [] }, "entityTypes must name at least one type, got none."],
    [{ relations: [] }, "relations must name at least one relation, got none."],
    [{ relations: ["a", "a"] }, 'relations must differ, got "a" twice.'],
    [{ entityTypes: [""] }, 'entityTypes must have names, got "".'],
    [{ symmetricRelations: ["PART-OF"] }, 'symmetricRelations must be among relations, got "PART-OF".'],
    [{ maxSpanWords: 0 }, "maxSpanWords must be a whole number of at least 1, got 0."],
    [{ entityContextWords: 1.5 }, "entityContextWords must be a whole number of at least 0, got 1.5."],
    [{ headDropout: 1 }, "headDropout must be at least 0 and below 1, got 1."],
    [{ spansPerWord: 0 }, "spansPerWord must be above 0, got 0."],
    [{ approximate: true, relationInput: "text" }, 'relationInput must have markers under approximate, got "text".'],
    [{ batchedTraining: true }, "batchedTraining must be false without approximate, got true."],
    [
      { architecture: "joint" },
      'relationInput must be "text" or "text-etype" in the joint architecture, got "typed-markers".',
    ],
    [
      { architecture: "shared", relationSpans: "pruned" },
      'relationSpans must be "gold" where the encoder is shared, got "pruned".',
    ],
    [
      { entitySource: "given", relationSpans: "pruned" },
      'entitySource must be "predicted" unless encoders are separate and spans gold, got "given".',
    ],
  ])("refuses %j", (settings, message) => {
    expect(() => definePureConfig({ ...labels, ...settings })).toThrow(new RangeError(message));
  });
});
