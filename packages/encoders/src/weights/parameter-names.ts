/** Families of encoders whose Hugging Face names are known. */
export type EncoderFamily = "bert" | "roberta" | "albert";

type NamePair = readonly [ours: string, theirs: string];

const EMBEDDING_NAMES: readonly NamePair[] = [
  ["embeddings.words", "embeddings.word_embeddings"],
  ["embeddings.positions", "embeddings.position_embeddings"],
  ["embeddings.types", "embeddings.token_type_embeddings"],
  ["embeddings.norm", "embeddings.LayerNorm"],
];

/** `*` stands for a number. */
const BERT_NAMES: readonly NamePair[] = [
  ...EMBEDDING_NAMES,
  ["layers.*.attention.query", "encoder.layer.*.attention.self.query"],
  ["layers.*.attention.key", "encoder.layer.*.attention.self.key"],
  ["layers.*.attention.value", "encoder.layer.*.attention.self.value"],
  ["layers.*.attentionOutput", "encoder.layer.*.attention.output.dense"],
  ["layers.*.attentionNorm", "encoder.layer.*.attention.output.LayerNorm"],
  ["layers.*.intermediate", "encoder.layer.*.intermediate.dense"],
  ["layers.*.output", "encoder.layer.*.output.dense"],
  ["layers.*.outputNorm", "encoder.layer.*.output.LayerNorm"],
  ["pooler", "pooler.dense"],
];

const ALBERT_LAYER = "encoder.albert_layer_groups.*.albert_layers.*";

const ALBERT_NAMES: readonly NamePair[] = [
  ...EMBEDDING_NAMES,
  ["widening", "encoder.embedding_hidden_mapping_in"],
  ["groups.*.*.attention.query", `${ALBERT_LAYER}.attention.query`],
  ["groups.*.*.attention.key", `${ALBERT_LAYER}.attention.key`],
  ["groups.*.*.attention.value", `${ALBERT_LAYER}.attention.value`],
  ["groups.*.*.attentionOutput", `${ALBERT_LAYER}.attention.dense`],
  ["groups.*.*.attentionNorm", `${ALBERT_LAYER}.attention.LayerNorm`],
  ["groups.*.*.intermediate", `${ALBERT_LAYER}.ffn`],
  ["groups.*.*.output", `${ALBERT_LAYER}.ffn_output`],
  ["groups.*.*.outputNorm", `${ALBERT_LAYER}.full_layer_layer_norm`],
  ["pooler", "pooler"],
];

/** What TensorFlow-born checkpoints call the parts of a layer normalisation. */
const OLD_PARTS: Readonly<Record<string, string>> = { gamma: "weight", beta: "bias" };

/**
 * The name in one of our encoders of a tensor in a Hugging Face file.
 *
 * @param name With or without the model's prefix: `bert.pooler.dense.weight`, `pooler.dense.weight`.
 * @returns The parameter's path; undefined for what the encoder lacks: position numbers, heads of other tasks.
 */
export function fromHuggingFaceName(name: string, family: EncoderFamily): string | undefined {
  const bare = name.replace(/^(bert|roberta|albert)\./, "");
  const { module, part } = splitName(bare);
  const renamed = rename(module, family, 1, 0);
  return renamed === undefined ? undefined : `${renamed}.${OLD_PARTS[part] ?? part}`;
}

/**
 * The name in a Hugging Face file, without a prefix, of a parameter of one of our encoders.
 *
 * @throws {RangeError} If no encoder of the family has such a parameter.
 */
export function toHuggingFaceName(path: string, family: EncoderFamily): string {
  const { module, part } = splitName(path);
  const renamed = rename(module, family, 0, 1);
  if (renamed === undefined) throw new RangeError(`path must name a parameter of a ${family} encoder, got "${path}".`);
  return `${renamed}.${part}`;
}

function splitName(name: string): { module: string; part: string } {
  const dot = name.lastIndexOf(".");
  return { module: name.slice(0, dot), part: name.slice(dot + 1) };
}

/** Finds the pair whose `from` side matches, and fills the numbers into its `to` side. */
function rename(module: string, family: EncoderFamily, from: 0 | 1, to: 0 | 1): string | undefined {
  const numbers = module.match(/(?<=\.)\d+(?=\.|$)/g) ?? [];
  const pattern = module.replaceAll(/(?<=\.)\d+(?=\.|$)/g, "*");
  const pair = (family === "albert" ? ALBERT_NAMES : BERT_NAMES).find((names) => names[from] === pattern);
  let next = 0;
  return pair?.[to].replaceAll("*", () => numbers[next++] as string);
}
