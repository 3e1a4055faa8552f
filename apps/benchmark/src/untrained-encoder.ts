import { sampleWorld } from "@relatum/datasets";
import { type Backbone, BertEncoder, parseTokenizer, savePretrained } from "@relatum/encoders";
import { createRandom } from "@relatum/tensor-utils";

/** Tokens for markers that stand in no text, as BERT's vocabularies have them: `[unused1]`, … */
const UNUSED_TOKENS = Array.from({ length: 99 }, (_, index) => `[unused${index + 1}]`);

const SPECIAL_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "*", ...UNUSED_TOKENS];

/** Documents of the sample world that its vocabulary comes from, and in how many of them a word must stand. */
const VOCABULARY = { seed: 0, documents: 200, least: 3 } as const;

const SIZES = { hiddenSize: 128, layers: 2, heads: 4, intermediateSize: 512, maxPositions: 512 } as const;

/** Creates a small BERT with random weights, and a tokenizer that knows the words of the sample world. */
export function untrainedEncoder(seed = 0): Backbone {
  // Names are left unknown: they are invented anew in each document, so that their letters tell nothing.
  const tokens = new Set([...SPECIAL_TOKENS, ...frequentWords()]);
  const tokenizer = parseTokenizer(
    new Map([
      ["vocab.txt", `${[...tokens].join("\n")}\n`],
      ["tokenizer_config.json", JSON.stringify({ do_lower_case: true })],
    ]),
  );
  const encoder = new BertEncoder(
    {
      ...SIZES,
      family: "bert",
      vocabularySize: tokenizer.vocabularySize,
      typeVocabularySize: 2,
      dropout: 0,
      attentionDropout: 0,
      layerNormEpsilon: 1e-12,
      activation: "gelu",
      padId: tokenizer.padId,
    },
    createRandom(seed),
  );
  return { encoder, tokenizer, save: (directory) => savePretrained(directory, encoder, tokenizer) };
}

/** Words that stand in several documents: names are invented anew in each. */
function frequentWords(): string[] {
  const counts = new Map<string, number>();
  for (const { sentences } of sampleWorld(VOCABULARY).documents) {
    const words = new Set(sentences.flat().map((word) => word.toLowerCase()));
    for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count >= VOCABULARY.least).map(([word]) => word);
}
