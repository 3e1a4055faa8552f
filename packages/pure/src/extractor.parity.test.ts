import { createRandom } from "@relatum/tensor-utils";
import { expect, it } from "vitest";

import { describeGolden, goldenCases, loadGolden } from "../../../tools/golden-cases.ts";
import {
  createGoldenEncoder,
  ENTITY_HEAD,
  loadGoldenWeights,
  readGoldenDocuments,
  readGoldenTokenizer,
} from "./__fixtures__/golden-model.ts";
import { type GoldenSamples, readGoldenSamples, samplesConfig } from "./__fixtures__/golden-samples.ts";
import { PureEntityModel } from "./entity-model.ts";
import { PureExtractor } from "./extractor.ts";

interface PredictJson {
  /** `entity_model weights`. */
  readonly uses: string;
  readonly samples: string;
  readonly tot_gold: number;
  readonly f1: number;
  /** By sample and span. */
  readonly pred: readonly (readonly number[])[];
  /** By document and sentence, `[first word, last word, type]` counted over the document. */
  readonly output_file: readonly (readonly (readonly (readonly [number, number, string])[])[])[];
}

describeGolden("pure", /^entity_predict/, (golden) => {
  const json = golden.json as unknown as PredictJson;
  const samples = readGoldenSamples(json.samples);
  const documents = readGoldenDocuments(samples.docs);

  function createExtractor(): PureExtractor {
    const config = samplesConfig(samples);
    const name = json.uses.split(" ")[0] as string;
    const weights = loadGolden(goldenCases("pure", new RegExp(`^${name}$`))[0] as string);
    const encoder = createGoldenEncoder(weights);
    const model = new PureEntityModel(config, { encoder }, createRandom(0));
    loadGoldenWeights(model, weights, ENTITY_HEAD);
    const backbone = { encoder, tokenizer: readGoldenTokenizer(weights), save: async () => {} };
    return new PureExtractor({ config, entity: { model, backbone } });
  }

  it("gives the authors' label to every span", async () => {
    const extractor = createExtractor();

    const scored = await extractor.scoreSpans(documents);

    expect(scored.flat().map((spans) => spans.map(({ label }) => label))).toEqual(json.pred);
    extractor.dispose();
  });

  it("finds the entities of the authors' output file", async () => {
    const extractor = createExtractor();

    const spans = await extractor.extractEntities(documents);

    const found = documents.map(({ id, sentences }) => {
      let next = 0;
      return sentences.map(({ length }, number) => {
        const first = (next += length) - length;
        const inSentence = spans.filter(({ documentId, sentence }) => documentId === id && sentence === number);
        return inSentence.map(({ start, end, type }) => [first + start, first + end - 1, type]);
      });
    });
    expect(found).toEqual(json.output_file);
    extractor.dispose();
  });

  it("has the labels that the authors' F1 is of", () => {
    const f1 = scoreLabels(json.pred, samples, json.tot_gold);

    expect(f1).toBeCloseTo(json.f1, 9);
  });
});

/** F1 of labels by sample and span, as the authors count. */
function scoreLabels(predicted: readonly (readonly number[])[], { samples }: GoldenSamples, goldCount: number): number {
  const pairs = predicted.flatMap((labels, sample) =>
    labels.map((label, span) => [label, samples[sample]?.spans_label[span]] as const),
  );
  const found = pairs.filter(([label]) => label > 0);
  const correct = found.filter(([label, gold]) => label === gold).length;
  return (2 * correct) / (found.length + goldCount);
}
