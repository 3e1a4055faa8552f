import { INFERENCE } from "@relatum/tensor-utils";
import { expect, it } from "vitest";

import { describeGolden, type GoldenCase, goldenTensor, largestDifference } from "../../../tools/golden-cases.ts";
import {
  buildGoldenModel,
  collateGolden,
  compareGradients,
  type GoldenDocument,
  padIdOf,
} from "./__fixtures__/golden-model.ts";
import { decodeAdaptiveThreshold } from "./loss.ts";

describeGolden("atlop", /^docre_forward/, (golden) => {
  it("gives the authors' logits and decisions", () => {
    const model = buildGoldenModel(golden, "weight/");
    const batch = collateGolden(readDocuments(golden), model, padIdOf(golden));

    const logits = model.logits(batch, INFERENCE);

    expect(largestDifference(logits, goldenTensor(golden, "output/logits"))).toBeLessThan(2e-5);
    const decided = decodeAdaptiveThreshold(logits, model.config.maxRelationsPerPair);
    expect(largestDifference(decided, goldenTensor(golden, "output/pred"))).toBe(0);
  });

  it("gives the authors' entity vectors", () => {
    const model = buildGoldenModel(golden, "weight/");
    const batch = collateGolden(readDocuments(golden), model, padIdOf(golden));

    const { entities } = model.encode(batch, INFERENCE);

    const heads = entities.gather(batch.pairs.heads);
    const tails = entities.gather(batch.pairs.tails);
    expect(largestDifference(heads, goldenTensor(golden, "output/hs"))).toBeLessThan(1e-5);
    expect(largestDifference(tails, goldenTensor(golden, "output/ts"))).toBeLessThan(1e-5);
  });

  it("gives the authors' loss and gradients", () => {
    const model = buildGoldenModel(golden, "weight/");
    const batch = collateGolden(readDocuments(golden), model, padIdOf(golden));
    const expectedLoss = goldenTensor(golden, "output/loss").values[0] as number;

    const { value, differences } = compareGradients(model, golden, () => model.loss(batch, INFERENCE));

    expect(Math.abs(value - expectedLoss)).toBeLessThan(1e-6 * expectedLoss);
    expect(differences.size).toBeGreaterThan(10);
    expect([...differences].filter(([, difference]) => !(difference < 1e-5))).toEqual([]);
  });
});

/** The documents of a case, without padding. */
function readDocuments(golden: GoldenCase): GoldenDocument[] {
  const json = golden.json as unknown as {
    entity_pos: GoldenDocument["entity_pos"][];
    hts: GoldenDocument["hts"][];
  };
  const ids = goldenTensor(golden, "input/input_ids");
  const mask = goldenTensor(golden, "input/attention_mask").values;
  const labels = goldenTensor(golden, "input/labels");
  const [width, labelCount] = [ids.shape[1] as number, labels.shape[1] as number];
  let firstPair = 0;
  return json.entity_pos.map((entities, document) => {
    const visible = Array.from(mask.subarray(document * width, (document + 1) * width));
    const length = visible.reduce((sum, value) => sum + value, 0);
    const hts = json.hts[document] as GoldenDocument["hts"];
    const rows = hts.map((_, index) => {
      const start = (firstPair + index) * labelCount;
      return Array.from(labels.values.subarray(start, start + labelCount));
    });
    firstPair += hts.length;
    return {
      input_ids: Array.from(ids.values.subarray(document * width, document * width + length)),
      entity_pos: entities,
      hts,
      labels: rows,
    };
  });
}
