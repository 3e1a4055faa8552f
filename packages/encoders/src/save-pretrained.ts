import { layOutSafetensors, readBytes } from "@relatum/tensor-utils";

import type { AlbertEncoder } from "./albert.ts";
import type { BertEncoder } from "./bert.ts";
import { formatEncoderConfig } from "./encoder-config.ts";
import { toHuggingFaceName } from "./weights/parameter-names.ts";
import { ModelDirectory, TOKENIZER_FILE_NAMES } from "./weights/pretrained-files.ts";
import type { SubwordTokenizer } from "./tokens/subword.ts";

/**
 * Writes an encoder and its tokenizer so that `loadPretrained` and the tools of Hugging Face can open them.
 *
 * @param directory Is created; each file is written beside its place first, so that an older model stays whole if
 *   writing fails.
 */
export async function savePretrained(
  directory: string,
  encoder: BertEncoder | AlbertEncoder,
  tokenizer: SubwordTokenizer,
): Promise<void> {
  const { family } = encoder.config;
  const texts = new Map([["tokenizer_config.json", defaultTokenizerConfig(encoder)], ...tokenizer.files]);
  const files = new ModelDirectory(directory);

  await files.replace("model.safetensors", async (append) => {
    const named = [...encoder.parameters()].map(([path, value]) => [toHuggingFaceName(path, family), value] as const);
    // The tools of Hugging Face ask for this mark of the order of axes.
    const { header, ordered } = layOutSafetensors(new Map(named), { format: "pt" });
    await append(header);
    for (const [, tensor] of ordered) await append(await readBytes(tensor));
  });
  // Files of another tokenizer would be read in place of this one's.
  for (const name of TOKENIZER_FILE_NAMES) if (!texts.has(name)) await files.remove(name);
  for (const [name, text] of texts) await files.replace(name, (append) => append(text));
  const config = formatEncoderConfig(encoder.config, tokenizer);
  await files.replace("config.json", (append) => append(`${JSON.stringify(config, null, 2)}\n`));
}

const TOKENIZER_CLASSES = { bert: "BertTokenizer", roberta: "RobertaTokenizer", albert: "AlbertTokenizer" } as const;

/** For a tokenizer that was read without a configuration. */
function defaultTokenizerConfig({ config, maxTokens }: BertEncoder | AlbertEncoder): string {
  const settings = { tokenizer_class: TOKENIZER_CLASSES[config.family], model_max_length: maxTokens };
  return `${JSON.stringify(settings, null, 2)}\n`;
}
