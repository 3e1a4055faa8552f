import { INFERENCE } from "@relatum/tensor-utils";
import * as tf from "@tensorflow/tfjs";
import { expect, it } from "vitest";

import { describeGolden, goldenTensor, goldenTensorsUnder, largestDifference } from "../../../tools/golden-cases.ts";
import { buildGoldenModel, collateGolden, keepPairs, ourTensors } from "./__fixtures__/golden-model.ts";
import { nodeVectors } from "./model.ts";
import { type JoinedPaths, pathVectors } from "./paths.ts";

describeGolden("gain", /^gain_(bert|glove)(?!.*(_docs|word2id))/, (golden) => {
  it("gives the authors' nodes, before and after each graph convolution", () => {
    const model = buildGoldenModel(golden);
    const { tokens, graph } = collateGolden(golden, model.config, "train");

    const nodes = nodeVectors(model.encodeTokens(tokens, INFERENCE), graph);
    const bank = model.convolve(nodes, graph.neighbourShares, INFERENCE);

    const counts = (golden.json["graphs"] as { n_nodes: number }[]).map(({ n_nodes }) => n_nodes);
    const width = nodes.shape[2];
    const layer = (index: number): tf.Tensor =>
      tf.concat(
        counts.map((count, document) => bank.slice([document, 0, index * width], [1, count, width]).squeeze([0])),
      );
    expect(largestDifference(layer(0), goldenTensor(golden, "output/gcn_in.0"))).toBeLessThan(1e-5);
    for (const [index] of model.convolutions.entries()) {
      expect(largestDifference(layer(index + 1), goldenTensor(golden, `output/gcn.${index}`))).toBeLessThan(1e-5);
    }
  });

  it("gives the authors' vectors of words and documents from a BiLSTM", (context) => {
    if (!golden.tensors.has("output/lstm_out")) context.skip();
    const model = buildGoldenModel(golden);
    const { tokens } = collateGolden(golden, model.config, "train");

    const { hidden, state } = model.encodeTokens(tokens, INFERENCE);

    expect(largestDifference(hidden, goldenTensor(golden, "output/lstm_out"))).toBeLessThan(1e-5);
    expect(largestDifference(state, goldenTensor(golden, "output/lstm_h"))).toBeLessThan(1e-5);
  });

  it("gives the authors' path features", () => {
    const model = buildGoldenModel(golden);
    const batch = collateGolden(golden, model.config, "train");

    const { paths } = model.encode(batch, INFERENCE);
    const joined = pathVectors(paths as JoinedPaths, batch.pairs);

    expect(largestDifference(joined, keepPairs(golden, "output/path_info", "train"))).toBeLessThan(2e-5);
  });

  it("gives the authors' logits, in training and in testing", () => {
    const model = buildGoldenModel(golden);

    const train = model.logits(collateGolden(golden, model.config, "train"), INFERENCE);
    const development = model.logits(collateGolden(golden, model.config, "development"), INFERENCE);

    expect(largestDifference(train, keepPairs(golden, "output/logits", "train"))).toBeLessThan(1e-5);
    const expected = keepPairs(golden, "output/dev_logits", "development");
    expect(largestDifference(development, expected)).toBeLessThan(1e-5);
  });

  it("gives the authors' loss and gradients", () => {
    const model = buildGoldenModel(golden);
    const batch = collateGolden(golden, model.config, "train");
    const parameters = model.parameters();
    const expectedLoss = goldenTensor(golden, "output/loss").values[0] as number;

    const { value, grads } = tf.variableGrads(() => model.loss(batch, INFERENCE), [...parameters.values()]);

    expect(Math.abs((value.dataSync()[0] as number) - expectedLoss)).toBeLessThan(1e-6 * expectedLoss);
    const differences = [...ourTensors(golden, "grad/", model)].map(([name, expected]): [string, number] => {
      const gradient = grads[(parameters.get(name) as tf.Variable).name] as tf.Tensor;
      // PyTorch leaves the padding row of embeddings untrained, also where padding had a part in the loss.
      const isTable = /words\.weight$|Embedding$/.test(name);
      return [
        name,
        largestDifference(isTable ? withoutFirst(gradient) : gradient, isTable ? withoutFirst(expected) : expected),
      ];
    });
    expect(differences).toHaveLength(parameters.size);
    expect(differences.filter(([, difference]) => !(difference < 1e-5))).toEqual([]);
  });

  it("leaves out what has no part in the authors' result: their attention over paths", () => {
    const gradients = [...goldenTensorsUnder(golden, "grad/attention.")];

    expect(gradients.length).toBeGreaterThan(0);
    for (const [, { values }] of gradients) expect(Math.max(...values.map(Math.abs))).toBeLessThan(1e-7);
  });
});

function withoutFirst(rows: tf.Tensor): tf.Tensor {
  return rows.slice([1, 0], [-1, -1]);
}
