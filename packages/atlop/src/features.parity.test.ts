import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocred } from "@relatum/datasets";
import { loadPretrained, resolveEncoder } from "@relatum/encoders";
import { expect, it } from "vitest";

import { describeGolden, goldenFolder } from "../../../tools/golden-cases.ts";
import { defineAtlopConfig } from "./config.ts";
import { featurizeAtlopDocuments } from "./features.ts";

interface PreproJson {
  readonly docs_file: string;
  readonly rel2id_file: string;
  readonly features: Readonly<Record<string, readonly GoldenFeatures[]>>;
}

interface GoldenFeatures {
  readonly title: string;
  readonly input_ids: readonly number[];
  readonly entity_pos: readonly (readonly (readonly [start: number, end: number])[])[];
  readonly hts: readonly (readonly [number, number])[];
  readonly labels: readonly (readonly number[])[];
}

describeGolden("atlop", /^prepro(?!_docs)/, (golden) => {
  it("gives the authors' tokens, mentions, pairs and labels", async () => {
    const json = golden.json as unknown as PreproJson;
    const folder = join(goldenFolder() as string, "atlop");
    const readJson = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), "utf8"));
    const labelIds = Object.entries(readJson(json.rel2id_file) as Record<string, number>);
    const relations = labelIds.toSorted(([, left], [, right]) => left - right).map(([relation]) => relation);
    const documents = parseDocred(readJson(json.docs_file));
    const backbone = await loadPretrained(await resolveEncoder("all-MiniLM-L6-v2"));

    for (const [maxTokens, expected] of Object.entries(json.features)) {
      const config = defineAtlopConfig({ relations: relations.slice(1), maxTokens: Number(maxTokens) });
      const features = await featurizeAtlopDocuments(documents, backbone.tokenizer, config);

      const asGolden = features.map(({ documentId, tokenIds, mentionStarts, pairs, targets }) => ({
        title: documentId,
        input_ids: tokenIds,
        starts: mentionStarts.map((starts) => starts.map((start) => start - 1)),
        hts: pairs,
        labels: targets,
      }));
      expect(asGolden).toEqual(
        expected.map(({ title, input_ids, entity_pos, hts, labels }) => ({
          title,
          input_ids,
          starts: entity_pos.map((mentions) => mentions.map(([start]) => start)),
          hts,
          labels,
        })),
      );
    }
    backbone.encoder.dispose();
  });
});
