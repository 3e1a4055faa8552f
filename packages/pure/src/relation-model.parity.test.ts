import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import { describeGolden, type GoldenCase, goldenTensor, largestDifference } from "../../../tools/golden-cases.ts";
import { compareGradients } from "./__fixtures__/golden-model.ts";
import {
  type GoldenPrediction,
  type GoldenRelationCase,
  isWeightCase,
  readRelationCase,
  RELATION_HEAD,
} from "./__fixtures__/golden-relations.ts";
import { collatePureRelations, type PureRelationBatch } from "./relation-batch.ts";
import type { PureRelationFeatures } from "./relation-features.ts";
import { approximationMask } from "./relation-model.ts";

interface GoldenTruncation {
  readonly max_seq_length: number;
  readonly features: readonly {
    readonly input_ids: readonly number[];
    readonly input_mask: readonly number[];
    readonly sub_idx: number;
    readonly obj_idx: number;
    readonly label_id: number;
  }[];
}

describeGolden("pure", /^relation_full/, (golden) => {
  it("gives the authors' tokens, marker places and labels", async () => {
    const features = await readRelationCase(golden).featurize();

    for (const [row, { tokenIds, pairs }] of features.entries()) {
      const length = sum(rowOf(golden, "input/attention_mask", row));
      expect(tokenIds).toEqual(rowOf(golden, "input/input_ids", row).slice(0, length));
      expect(pairs.map(({ headFirst, tailFirst, labelIds }) => [headFirst, tailFirst, labelIds.at(-1) ?? 0])).toEqual([
        ["input/sub_idx", "input/obj_idx", "input/labels"].map((name) => goldenTensor(golden, name).values[row]),
      ]);
    }
    expect(features).toHaveLength(goldenTensor(golden, "input/input_ids").shape[0] as number);
  });

  it("cuts long inputs as the authors do, if asked to", async () => {
    const { config, featurize } = readRelationCase(golden);
    const { max_seq_length: maxTokens, features: expected } = golden.json["truncated"] as GoldenTruncation;

    const features = await featurize({ config: { ...config, maxTokens } });

    const asGolden = features.map(({ tokenIds, pairs: [pair] }) => ({
      input_ids: [...tokenIds, ...Array<number>(maxTokens - tokenIds.length).fill(0)],
      input_mask: Array.from({ length: maxTokens }, (_, index) => Number(index < tokenIds.length)),
      sub_idx: pair?.headFirst,
      obj_idx: pair?.tailFirst,
      label_id: pair?.labelIds.at(-1) ?? 0,
    }));
    expect(asGolden.slice(0, expected.length)).toEqual(expected);
  });

  it("gives the authors' logits and decisions, with either padding", async () => {
    const { config, tokenizer, featurize, buildModel } = readRelationCase(golden);
    const features = await featurize();
    const model = buildModel();

    for (const pad of ["exact", "buckets"] as const) {
      const all = model.logits(collatePureRelations(features, tokenizer, config, { pad }), INFERENCE);
      const logits = all.slice([0, 0], [features.length, -1]);
      expect(largestDifference(logits, goldenTensor(golden, "output/logits"))).toBeLessThan(2e-5);
      expect(largestDifference(logits.argMax(1), goldenTensor(golden, "output/pred"))).toBe(0);
    }
  });
});

describeGolden("pure", /^relation_approx/, (golden) => {
  it("gives the authors' tokens, positions, marker places and labels", async () => {
    const { config, tokenizer, featurize } = readRelationCase(golden);
    const features = await featurize();

    expect(features).toHaveLength(goldenTensor(golden, "input/input_ids").shape[0] as number);
    for (const [row, feature] of features.entries()) {
      const batch = collatePureRelations([feature], tokenizer, config, { pad: "exact" });
      const { tokenIds, positionIds, groups, textMask } = batch.input;
      const used = tokenIds.shape[1];
      expect(listOf(tokenIds)).toEqual(rowOf(golden, "input/input_ids", row).slice(0, used));
      expect(listOf(positionIds)).toEqual(rowOf(golden, "input/position_ids", row).slice(0, used));
      const visible = rowOf(golden, "input/original_input_mask", row);
      const others = listOf(groups).map((group) => (group === 0 ? 0 : group + 1));
      const marked = listOf(textMask).map((text, index) => (text === 1 ? 1 : (others[index] as number)));
      expect(marked).toEqual(visible.slice(0, used));
      expect(visible.slice(used).every((value) => value === 0)).toBe(true);
      const slots = sum(rowOf(golden, "input/sub_obj_masks", row));
      expect(feature.pairs).toHaveLength(slots);
      expect(listOf(batch.targets)).toEqual(rowOf(golden, "input/labels", row).slice(0, slots));
      const places = listOf(batch.pairs.heads.starts).flatMap((head, index) => [
        head,
        listOf(batch.pairs.tails.starts)[index] as number,
      ]);
      expect(places).toEqual(rowOf(golden, "input/sub_obj_ids", row).slice(0, 2 * slots));
    }
  });

  it("gives the authors' attention masks", async () => {
    const { json, config, tokenizer, featurize } = readRelationCase(golden);
    const width = json.max_seq_length;
    const features = (await featurize()).slice(0, golden.json["n"] as number);

    for (const [row, feature] of features.entries()) {
      const { textMask, groups } = collatePureRelations([feature], tokenizer, config, { pad: "exact" }).input;
      const mask = approximationMask(textMask, groups as tf.Tensor2D);
      const [, used] = mask.shape;
      const all = rowOf(golden, "input/attention_mask_first_n", row);
      const rows = Array.from({ length: used }, (_, index) => all.slice(index * width, index * width + used));
      expect(listOf(mask)).toEqual(rows.flat());
    }
  });

  it("gives the authors' logits, with either padding", async () => {
    const { config, tokenizer, featurize, buildModel } = readRelationCase(golden);
    const model = buildModel();
    const features = (await featurize()).slice(0, golden.json["n"] as number);
    const { shape, values } = goldenTensor(golden, "output/logits_first_n");
    const expected = tf.tensor(values, [...shape]);

    for (const pad of ["exact", "buckets"] as const) {
      const logits = model.logits(collatePureRelations(features, tokenizer, config, { pad }), INFERENCE);
      let first = 0;
      for (const [row, { pairs }] of features.entries()) {
        const ours = logits.slice([first, 0], [pairs.length, -1]);
        const theirs = expected.slice([row, 0, 0], [1, pairs.length, -1]).squeeze([0]);
        expect(largestDifference(ours, theirs)).toBeLessThan(2e-5);
        first += pairs.length;
      }
    }
  });

  it("gives the authors' decisions", async () => {
    const readCase = readRelationCase(golden);

    const { decisions } = await evaluate(readCase);

    expect(decisions).toEqual(golden.json["preds"]);
  });
});

describeGolden("pure", /^relation_(full|approx)/, (golden) => {
  it("gives the authors' loss and gradients", async () => {
    const { config, tokenizer, featurize, buildModel } = readRelationCase(golden);
    const model = buildModel();
    const count = (golden.json["n_loss"] ?? golden.json["n"]) as number;
    const batch = collatePureRelations((await featurize()).slice(0, count), tokenizer, config);
    const expected = golden.tensors.get("output/loss_first_n");

    const { value, differences } = compareGradients(model, golden, RELATION_HEAD, () => model.loss(batch, INFERENCE));

    // Some cases hold no loss, and only the one with the weights holds gradients.
    expect(Math.abs(value - (expected?.values[0] ?? value))).toBeLessThan(2e-5);
    expect(differences.size > 10).toBe(isWeightCase(golden));
    expect([...differences].filter(([, difference]) => !(difference < 2e-5))).toEqual([]);
  });

  it("finds the relations that the authors find, and counts them alike", async () => {
    const readCase = readRelationCase(golden);
    const { json, documents } = readCase;

    const { features, decisions, meanLoss } = await evaluate(readCase);

    expect(toPredictions(readCase, features, decisions)).toEqual(json.predicted_relations);
    const labels = features.flatMap(({ pairs }) => pairs.map(({ labelIds }) => labelIds.at(-1) ?? 0));
    const correct = decisions.filter((decision, index) => decision !== 0 && decision === labels[index]).length;
    const predicted = decisions.filter((decision) => decision !== 0).length;
    const gold = documents.flatMap(({ relations }) => relations).length;
    const right = decisions.filter((decision, index) => decision === labels[index]).length;
    expect(gold).toBe(json.nrel);
    expect(json.eval_result["n_pred"] ?? predicted).toBe(predicted);
    expect(json.eval_result["n_correct"] ?? 0).toBe(correct);
    expect(json.eval_result["task_ngold"] ?? 0).toBe(correct === 0 ? 0 : labels.filter((label) => label !== 0).length);
    expect(json.eval_result["accuracy"]).toBeCloseTo(right / labels.length, 12);
    expect(Math.abs((json.eval_result["eval_loss"] as number) - meanLoss)).toBeLessThan(2e-5);
  });
});

/** Every pair's decision, and the mean of the losses of the authors' batches. */
async function evaluate({
  json,
  config,
  tokenizer,
  featurize,
  buildModel,
}: GoldenRelationCase): Promise<{ features: readonly PureRelationFeatures[]; decisions: number[]; meanLoss: number }> {
  const model = buildModel();
  const features = await featurize();
  const losses: number[] = [];
  const decisions: number[] = [];
  for (let start = 0; start < features.length; start += json.eval_batch_size) {
    const batch = collatePureRelations(features.slice(start, start + json.eval_batch_size), tokenizer, config);
    losses.push(model.loss(batch, INFERENCE).dataSync()[0] as number);
    decisions.push(...decide(model.logits(batch, INFERENCE), batch));
  }
  return { features, decisions, meanLoss: sum(losses) / losses.length };
}

function decide(logits: tf.Tensor2D, { pairs }: PureRelationBatch): number[] {
  return [...logits.argMax(1).dataSync()].slice(0, sum(listOf(pairs.mask)));
}

/** Decisions in the authors' form: by document and sentence, words counted over the document. */
function toPredictions(
  { documents, config }: GoldenRelationCase,
  features: readonly PureRelationFeatures[],
  decisions: readonly number[],
): GoldenPrediction[][][] {
  const found = documents.map(({ sentences }) => sentences.map((): GoldenPrediction[] => []));
  let next = 0;
  for (const { documentId, sentence, pairs } of features) {
    const document = documents.findIndex(({ id }) => id === documentId);
    const offset = documents[document]?.sentences.slice(0, sentence).flat().length as number;
    for (const { head, tail } of pairs) {
      const decision = decisions[next++] as number;
      if (decision === 0) continue;
      found[document]?.[sentence]?.push([
        offset + head.start,
        offset + head.end - 1,
        offset + tail.start,
        offset + tail.end - 1,
        config.relations[decision - 1] as string,
      ]);
    }
  }
  return found;
}

/** One row of a tensor of the case, flattened. */
function rowOf(golden: GoldenCase, name: string, row: number): number[] {
  const { shape, values } = goldenTensor(golden, name);
  const size = values.length / (shape[0] as number);
  return Array.from(values.subarray(row * size, (row + 1) * size));
}

function listOf(tensor: tf.Tensor | undefined): number[] {
  return [...(tensor as tf.Tensor).dataSync()];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
