import { expect, it } from "vitest";

import { describeGolden } from "../../../tools/golden-cases.ts";
import { readGoldenDocuments, readGoldenTokenizer } from "./__fixtures__/golden-model.ts";
import { type GoldenSamples, samplesConfig } from "./__fixtures__/golden-samples.ts";
import { extendSentence } from "./context.ts";
import { featurizePureEntityDocuments } from "./entity-features.ts";

describeGolden("pure", /^entity_samples/, (golden) => {
  const json = golden.json as unknown as GoldenSamples;
  const config = samplesConfig(json);
  const documents = readGoldenDocuments(json.docs);

  it("gives the authors' sentences in their context, spans and labels", async () => {
    const features = await featurizePureEntityDocuments(documents, readGoldenTokenizer(golden), config);

    const samples = features.map(({ documentId, sentence, spans, labels }) => {
      const document = documents.find(({ id }) => id === documentId) as (typeof documents)[number];
      const { words, sentenceStart } = extendSentence(document, sentence, config.entityContextWords);
      const length = document.sentences[sentence]?.length as number;
      const before = document.sentences.slice(0, sentence).flat().length;
      return {
        doc_key: documentId,
        sentence_ix: sentence,
        tokens: words,
        sent_length: length,
        sent_start: sentenceStart,
        sent_end: sentenceStart + length,
        sent_start_in_doc: before,
        spans: spans.map(({ start, end }) => [sentenceStart + start, sentenceStart + end - 1, end - start]),
        spans_label: labels,
      };
    });
    expect(samples).toEqual(json.samples);
  });

  it("keeps every label in the data", () => {
    const mentions = documents.flatMap(({ entities }) => entities.flatMap((entity) => entity.mentions));

    expect(mentions).toHaveLength(json.num_ner);
  });
});
